"""From a draft to a final invoice: totals, numbers, and nothing that changes after."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from billing import customers, invoicing
from billing.actions import DiscardDraft, DraftInvoice, FinaliseInvoice, VoidInvoice
from billing.errors import OtherCurrency
from billing.invoicing.verifying import verify
from billing.models import Customer, Invoice, InvoiceLine, LedgerEntry
from billing.rating.lines import Charge
from billing.rating.periods import Period
from billing.states import LineKind
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import OutboxEvent, Transition
from paybill_site.kernel.planes import atomic
from tenants.models import Account
from tests.billing.desk import START
from tests.billing.invoices.desk import (
    KEEPER,
    assert_books_agree,
    at_work,
    bill,
    draft,
    line,
)


def test_nine_of_thirty_one_days_say_why(customer: Customer) -> None:
    share = Charge(unit_amount=2495, currency="EUR", part=9, whole=31, unit=86_400)
    part = line(0)
    period = Period(START, START + timedelta(days=9))
    invoice = bill(customer, type(part)("Basic", share, LineKind.FEE, period))
    row = invoice.lines.get()
    assert (row.amount, row.why) == (724, "9 of 31 days of 24.95 EUR")
    assert verify(invoice) == []


def test_the_dry_run_says_what_will_be_issued_and_writes_nothing(
    customer: Customer,
) -> None:
    planned = invoicing.total_up(draft(customer, 1000, -300, 45))
    assert not Invoice.objects.exists()
    invoice = bill(customer, 1000, -300, 45)
    assert (planned.subtotal, planned.total, planned.due) == (745, 745, 745)
    assert (invoice.subtotal, invoice.total) == (745, 745)
    assert invoice.state == "open"


def test_every_number_follows_the_one_before(customer: Customer) -> None:
    numbers = [bill(customer, 100).sequence for _ in range(3)]
    with suppress(ZeroDivisionError), at_work():
        invoicing.issue(draft(customer, 100))
        raise ZeroDivisionError
    numbers.append(bill(customer, 100).sequence)
    assert numbers == [1, 2, 3, 4]


def test_a_series_is_named_by_the_setting(customer: Customer, settings: Any) -> None:
    settings.PAYBILL_INVOICE_SERIES = "ACME-%y"
    assert bill(customer, 100).number == "ACME-26-000001"


def test_a_batch_takes_as_many_queries_as_one(
    customer: Customer, outsider: Any, account: Account
) -> None:
    others = [customers.of(each) for each in Account.objects.order_by("pk")]

    def count(size: int) -> int:
        drafts = [draft(others[n % len(others)], 100, 200) for n in range(size)]
        with CaptureQueriesContext(connections["default"]) as seen, at_work():
            invoicing.issue_many(drafts)
        return len(seen)

    count(1)  # the series and whoever has no currency yet
    count(4)
    assert count(2) == count(60)
    assert Invoice.objects.count() == 67
    assert_books_agree()


def test_each_invoice_is_told_once_and_moved_by_the_table(customer: Customer) -> None:
    invoice = bill(customer, 100)
    moved = Transition.objects.filter(target=f"billing.invoice:{invoice.public_id}")
    assert [(row.old, row.new) for row in moved] == [("draft", "open")]


@pytest.mark.parametrize(
    "change", [{"amount": 1}, {"inputs": {}}, {"discount": 1}, {"position": 9}]
)
def test_lines_are_as_final_as_their_invoice(
    customer: Customer, change: dict[str, Any]
) -> None:
    invoice = bill(customer, 100)
    with pytest.raises(DatabaseError, match="final"), atomic():
        InvoiceLine.objects.filter(invoice=invoice).update(**change)
    with pytest.raises(DatabaseError, match="final"), atomic():
        invoice.lines.all()._raw_delete("default")
    with pytest.raises(DatabaseError, match="final"), atomic():
        InvoiceLine.objects.create(
            invoice=invoice, position=2, description="more", inputs={}, amount=1
        )


def test_a_booking_that_is_not_zero_is_refused_by_the_database(
    customer: Customer,
) -> None:
    bill(customer, 100)
    entry = LedgerEntry.objects.filter(account="receivable").get()
    entry.pk, entry.public_id = None, ""
    with pytest.raises(DatabaseError, match="zero"), atomic():
        LedgerEntry.objects.bulk_create([entry])


def test_nothing_to_pay_is_paid_at_once(customer: Customer) -> None:
    invoice = bill(customer, 500, -500)
    assert (invoice.total, invoice.state) == (0, "paid")
    assert_books_agree()


def test_below_zero_is_a_credit_that_the_next_invoice_uses(customer: Customer) -> None:
    invoice = bill(customer, 300, -1000)
    assert (invoice.total, invoice.outstanding, invoice.state) == (-700, 0, "paid")
    assert customer.balance == 700
    following = bill(customer, 1000)
    assert (following.applied, following.outstanding) == (700, 300)
    assert customer.balance == 0
    assert_books_agree()


def test_an_invoice_that_is_taken_back_gives_the_balance_back(
    customer: Customer,
) -> None:
    bill(customer, -700)
    following = bill(customer, 1000)
    perform(VoidInvoice, following, actor=KEEPER)
    customer.refresh_from_db()
    assert customer.balance == 700
    assert_books_agree()


def test_another_currency_than_the_customers_is_refused(customer: Customer) -> None:
    asked = {"currency": "USD", "lines": [{"description": "x", "unit_amount": 5}]}
    with pytest.raises(OtherCurrency):
        perform(DraftInvoice, customer, asked, actor=KEEPER)


def test_a_draft_has_no_number_until_it_is_finalised(customer: Customer) -> None:
    lines = [{"description": "Set-up", "unit_amount": 5000, "quantity": 2}]
    drafted = perform(DraftInvoice, customer, {"lines": lines}, actor=KEEPER).result
    assert (drafted.state, drafted.number, drafted.total) == ("draft", "", 10_000)
    assert not LedgerEntry.objects.exists()
    made = perform(FinaliseInvoice, drafted, actor=KEEPER).result
    assert (made.public_id, made.number) == (drafted.public_id, "2026-000001")
    made.refresh_from_db()
    assert (made.state, made.lines.get().why) == ("open", "2 times 50.00 EUR")
    assert OutboxEvent.objects.filter(name="billing.invoice_opened").count() == 1
    assert_books_agree()


def test_a_draft_that_is_thrown_away_leaves_no_gap(customer: Customer) -> None:
    lines = [{"description": "Set-up", "unit_amount": 5000}]
    drafted = perform(DraftInvoice, customer, {"lines": lines}, actor=KEEPER).result
    perform(DiscardDraft, drafted, actor=KEEPER)
    assert not Invoice.objects.exists()
    assert bill(customer, 100).sequence == 1


@budget(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.integers(-5000, 9000), min_size=1, max_size=6))
def test_a_total_is_the_sum_of_its_lines(
    customer: Customer, amounts: list[int]
) -> None:
    invoice = bill(customer, *amounts)
    assert invoice.total == sum(amounts)
    assert invoice.outstanding >= 0
    assert customer.balance >= 0
    assert verify(invoice) == []
