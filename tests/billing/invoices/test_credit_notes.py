"""Credit notes and refunds: what was charged goes back, never more, tax included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from billing.actions import CreditInvoice, MarkRefundSent, RefundPayment, VoidInvoice
from billing.errors import (
    BalanceTooLow,
    CreditUsed,
    NotPayable,
    PartlyPaid,
    TooMuchCredit,
)
from billing.models import CreditNote, Customer, Refund
from billing.states import LineKind
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import OutboxEvent
from tests.billing.invoices.desk import (
    KEEPER,
    assert_books_agree,
    assert_reports_agree,
    bill,
    coupon,
    credit,
    line,
    pay,
    redeem,
)
from tests.billing.invoices.steps import DO


def test_a_part_of_an_open_invoice_is_taken_off_what_is_open(
    german: Customer,
) -> None:
    invoice = bill(german, 10_000)
    note = credit(invoice, amount=4000, memo="Two days without service")
    assert (note.subtotal, note.tax, note.total) == (4000, 760, 4760)
    assert (note.noted, note.to_balance, note.refunded) == (4760, 0, 0)
    assert (invoice.outstanding, invoice.state) == (7140, "open")
    assert note.number == "CN2026-000001"
    assert_books_agree()


def test_what_was_paid_goes_to_the_balance(german: Customer) -> None:
    invoice = bill(german, 10_000)
    pay(invoice)
    note = credit(invoice)
    assert (note.total, note.to_balance, invoice.credited) == (11_900, 11_900, 11_900)
    assert (invoice.state, invoice.customer.balance) == ("paid", 11_900)
    assert_books_agree()


def test_a_partly_paid_invoice_gives_from_both(customer: Customer) -> None:
    invoice = bill(customer, 10_000)
    pay(invoice, 7000)
    note = credit(invoice, amount=5000)
    assert (note.noted, note.to_balance) == (3000, 2000)
    assert (invoice.state, invoice.outstanding) == ("paid", 0)
    assert_books_agree()


def test_a_refund_goes_back_by_the_way_it_came(customer: Customer) -> None:
    invoice = bill(customer, 10_000)
    pay(invoice)
    note = credit(invoice, amount=2500, to="refund")
    refund = Refund.objects.get()
    assert (note.refunded, refund.amount, refund.state) == (2500, 2500, "pending")
    assert_books_agree()
    perform(MarkRefundSent, refund, {"reference": "out 1"}, actor=KEEPER)
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert_books_agree()


def test_line_by_line_and_the_last_note_gives_back_what_is_left(
    german: Customer,
) -> None:
    invoice = bill(german, 333, 333)
    credit(invoice, lines=[{"line": 1, "amount": 100}])
    credit(invoice, lines=[{"line": 1, "amount": 100}])
    credit(invoice, lines=[{"line": 1}])
    taken = [(n.subtotal, n.tax) for n in CreditNote.objects.order_by("id")]
    assert taken == [(100, 19), (100, 19), (133, 25)]
    credit(invoice)
    assert invoice.credited == invoice.total
    assert_books_agree()
    assert_reports_agree()


def test_a_note_is_by_the_net_amount_after_the_discount(german: Customer) -> None:
    redeem(german, coupon(percent=50))
    invoice = bill(german, 10_000)
    note = credit(invoice)
    assert (note.subtotal, note.tax) == (5000, 950)
    assert_books_agree()


@pytest.mark.parametrize(
    "wish",
    [
        {"amount": 10_001},
        {"lines": [{"line": 1, "amount": 10_001}]},
        {"lines": [{"line": 2}]},
    ],
)
def test_more_than_the_invoice_is_refused(
    customer: Customer, wish: dict[str, Any]
) -> None:
    invoice = bill(customer, 10_000)
    with pytest.raises(TooMuchCredit):
        credit(invoice, **wish)
    assert not CreditNote.objects.exists()
    assert bill(customer, 1).sequence == 2


def test_nothing_is_credited_twice_or_of_what_was_taken_back(
    customer: Customer,
) -> None:
    invoice = bill(customer, 10_000)
    credit(invoice)
    with pytest.raises(TooMuchCredit):
        credit(invoice)
    other = bill(customer, 100)
    perform(VoidInvoice, other, actor=KEEPER)
    with pytest.raises(NotPayable):
        credit(other)
    partly = bill(customer, 100)
    credit(partly, amount=50)
    with pytest.raises(PartlyPaid):
        perform(VoidInvoice, partly, actor=KEEPER)


def test_bought_credit_is_not_given_back_by_a_note(customer: Customer) -> None:
    invoice = bill(customer, line(5000, kind=LineKind.PREPAID))
    pay(invoice)
    with pytest.raises(CreditUsed):
        credit(invoice)


def test_a_payment_goes_back_only_as_far_as_the_balance(customer: Customer) -> None:
    invoice = bill(customer, 10_000)
    pay(invoice, 12_500)
    payment = invoice.payments.get()
    too_much = {"source": "balance", "amount": 2501, "why": "x"}
    with pytest.raises(BalanceTooLow, match="credit it"):
        perform(RefundPayment, payment, too_much, actor=KEEPER)
    back = {"source": "balance", "amount": 2500, "why": "too much"}
    perform(RefundPayment, payment, back, actor=KEEPER)
    customer.refresh_from_db()
    assert customer.balance == 0
    assert_books_agree()


def test_the_same_request_twice_makes_one_note(customer: Customer) -> None:
    invoice = bill(customer, 10_000)
    asked = {"reason": "mistake", "amount": 1000}
    once = perform(CreditInvoice, invoice, asked, actor=KEEPER, key="k")
    again = perform(CreditInvoice, invoice, asked, actor=KEEPER, key="k")
    assert again.repeated
    assert again.result == once.result
    assert OutboxEvent.objects.filter(name="billing.credit_note_issued").count() == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["bill", "pay", "credit", "refund", "grant", "reduce", "void"]),
        st.integers(-3000, 9000),
    ),
    min_size=3,
    max_size=12,
)


@pytest.mark.slow
@budget(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(STEPS)
def test_whatever_happens_the_books_agree(
    german: Customer, steps: list[tuple[str, int]]
) -> None:
    """The balance is never below zero, nothing goes back twice, all is booked."""
    for name, amount in steps:
        try:
            DO[name](german, amount)
        except PaybillError:
            continue  # refused: then nothing may have changed
        german.refresh_from_db()
        assert german.balance >= 0
    assert_books_agree()
    assert_reports_agree()
