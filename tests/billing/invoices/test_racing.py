"""Two at once: numbers without a gap, the last code to one, and no circle."""

from __future__ import annotations

from functools import partial
from typing import Any

from billing.actions import (
    BuyCredit,
    CreditInvoice,
    DraftInvoice,
    FinaliseInvoice,
    MarkInvoicePaid,
    RedeemCode,
    VoidInvoice,
)
from billing.models import Coupon, Customer, Invoice
from paybill_site.kernel.actions import Outcome, perform
from paybill_site.kernel.errors import Conflict
from paybill_site.kernel.planes import Place
from tenants.models import Account
from tests.billing.invoices.desk import KEEPER, assert_books_agree, bill, coupon
from tests.races import at_once


def done(answers: list[Any]) -> int:
    return sum(isinstance(each, Outcome) for each in answers)


def several(count: int) -> list[Customer]:
    found = []
    for number in range(count):
        account = Account.objects.create(name=f"Account {number}", created_by="usr_x")
        customer = Customer.objects.create(account=account, currency="EUR")
        found.append(customer)
    return found


def test_numbers_have_no_gap_whoever_finalises_at_once(
    committed: None, control: Place
) -> None:
    buy = partial(perform, BuyCredit, data={"amount": 100}, actor=KEEPER)
    answers = at_once([partial(buy, customer) for customer in several(8)])
    assert done(answers) == 8
    numbers = Invoice.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == list(range(1, 9))
    assert_books_agree()


def test_a_draft_is_finalised_once(committed: None, control: Place) -> None:
    (customer,) = several(1)
    asked = {"lines": [{"description": "Set-up", "unit_amount": 5000}]}
    drafted = perform(DraftInvoice, customer, asked, actor=KEEPER).result
    finalise = partial(perform, FinaliseInvoice, drafted, actor=KEEPER)
    assert done(at_once([finalise] * 3)) == 1
    assert Invoice.objects.get().sequence == 1
    assert_books_agree()


def test_the_last_code_goes_to_one(committed: None, control: Place) -> None:
    code = coupon(max_redemptions=1)
    asked = {"code": code}
    answers = at_once(
        [partial(perform, RedeemCode, c, asked, actor=KEEPER) for c in several(4)]
    )
    assert done(answers) == 1
    assert Coupon.objects.get().redeemed == 1


def test_paying_crediting_and_taking_back_at_once_agree(
    committed: None, control: Place
) -> None:
    (customer,) = several(1)
    """Whoever comes first wins; nothing is counted twice, and nobody deadlocks."""
    invoice = bill(customer, 10_000)
    pay = partial(perform, MarkInvoicePaid, invoice, actor=KEEPER)
    answers = at_once(
        [
            *(partial(pay, {"reference": f"b {n}", "amount": 6000}) for n in range(3)),
            partial(perform, VoidInvoice, invoice, actor=KEEPER),
            partial(perform, CreditInvoice, invoice, {"reason": "other"}, actor=KEEPER),
            partial(perform, BuyCredit, customer, {"amount": 100}, actor=KEEPER),
        ]
    )
    assert not [each for each in answers if isinstance(each, Conflict)]
    assert_books_agree()
