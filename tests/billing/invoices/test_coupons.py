"""Coupons: taken off in order, as often as they hold, and the last one only once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from billing import clock, invoicing
from billing.actions import CreateCoupon, EndRedemption, RetireCoupon, VoidInvoice
from billing.errors import CodeNotForYou, CodeRedeemed, CodeSpent, NoSuchCode
from billing.models import Coupon, Customer, Invoice
from billing.states import LineKind
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Invalid
from tests.billing.desk import Turn
from tests.billing.invoices.desk import (
    KEEPER,
    assert_books_agree,
    at_work,
    bill,
    coupon,
    draft,
    line,
    pay,
    redeem,
)


def amounts(invoice: Invoice) -> list[tuple[int, int]]:
    return [(row.amount, row.discount) for row in invoice.lines.all()]


def test_a_percentage_is_taken_off_each_line_and_says_so(customer: Customer) -> None:
    redeem(customer, coupon(percent=10))
    invoice = bill(customer, 2495, 1005)
    assert amounts(invoice) == [(2495, 250), (1005, 101)]
    assert (invoice.discount, invoice.total) == (351, 3149)
    first = invoice.lines.get(position=1)
    assert first.why_discount == "Save: 10% off 24.95 EUR"
    assert_books_agree()


def test_an_amount_is_split_over_the_lines_and_credits_take_none(
    customer: Customer,
) -> None:
    redeem(customer, coupon(amount=1000))
    invoice = bill(customer, 3000, 1000, line(-500, kind=LineKind.CREDIT))
    assert amounts(invoice) == [(3000, 750), (1000, 250), (-500, 0)]
    assert_books_agree()


def test_coupons_are_taken_in_their_order_each_from_what_is_left(
    customer: Customer,
) -> None:
    redeem(customer, coupon("HALF", percent=50, position=2))
    redeem(customer, coupon("TEN", amount=1000, position=1))
    invoice = bill(customer, 3000)
    assert invoice.total == 1000  # (30 - 10) / 2
    assert [off["name"] for off in invoice.lines.get().discounts] == ["Ten", "Half"]


def test_once_holds_for_one_invoice_and_repeating_for_some(customer: Customer) -> None:
    redeem(customer, coupon("ONE", percent=10))
    redeem(customer, coupon("TWO", percent=20, duration="repeating", times=2))
    totals = [bill(customer, 1000).total for _ in range(3)]
    assert totals == [720, 800, 1000]
    states = customer.redemptions.order_by("id").values_list("state", flat=True)
    assert list(states) == ["used", "used"]


def test_what_an_amount_could_not_take_off_stays_if_it_comes_again(
    customer: Customer,
) -> None:
    redeem(customer, coupon("ONE", amount=1500))
    assert bill(customer, 1000).total == 0
    assert bill(customer, 1000).total == 1000  # the rest was lost
    redeem(customer, coupon("EVER", amount=1500, duration="forever"))
    assert bill(customer, 1000).total == 0
    assert bill(customer, 3000).total == 1000  # 15.00 and the 5.00 of last time
    assert_books_agree()


def test_a_coupon_needs_its_minimum(customer: Customer) -> None:
    redeem(customer, coupon(percent=10, minimum=5000))
    assert bill(customer, 4999).total == 4999
    assert bill(customer, 5000).total == 4500


def test_a_coupon_of_other_plans_takes_nothing_off(customer: Customer) -> None:
    redeem(customer, coupon(percent=10, plans=["pro"]))
    assert bill(customer, 5000).total == 5000
    assert customer.redemptions.get().state == "active"


def test_the_dry_run_shows_what_a_code_would_take_off(customer: Customer) -> None:
    code = coupon(percent=25)
    assert invoicing.total_up(draft(customer, 1000), code).total == 750
    assert not customer.redemptions.exists()
    with pytest.raises(NoSuchCode):
        invoicing.total_up(draft(customer, 1000), "NONE")


def test_an_invoice_that_is_taken_back_gives_the_coupon_back(
    customer: Customer,
) -> None:
    redeem(customer, coupon(percent=10))
    perform(VoidInvoice, bill(customer, 1000), actor=KEEPER)
    assert bill(customer, 1000).total == 900


def test_a_code_is_redeemed_once_by_each_customer(customer: Customer) -> None:
    redeem(customer, coupon())
    with pytest.raises(CodeRedeemed):
        redeem(customer, " save ")


def test_every_limit_of_a_code_is_said(customer: Customer, turn: Turn) -> None:
    soon = (clock.now() + timedelta(days=1)).isoformat()
    coupon("LATE", redeem_by=soon)
    coupon("NEW", first_time=True)
    coupon("SPENT", code_max=1)
    Coupon.objects.filter(name="Spent").get().codes.update(redeemed=1)
    coupon("DOLLARS", amount=100, currency="USD")
    coupon("GONE")
    perform(RetireCoupon, Coupon.objects.get(name="Gone"), actor=KEEPER)
    pay(bill(customer, 100))
    turn(timedelta(days=2))
    for code, refusal in (
        ("LATE", CodeSpent),
        ("NEW", CodeNotForYou),
        ("SPENT", CodeSpent),
        ("DOLLARS", CodeNotForYou),
        ("GONE", NoSuchCode),
        ("NEVER", NoSuchCode),
    ):
        with pytest.raises(refusal):
            redeem(customer, code)
    assert not customer.redemptions.exists()


def test_a_coupon_is_taken_away_from_a_customer(customer: Customer) -> None:
    held = redeem(customer, coupon())
    perform(EndRedemption, held, actor=KEEPER)
    assert bill(customer, 1000).total == 1000


@pytest.mark.parametrize(
    "terms",
    [
        {"percent": "10", "amount": 5, "currency": "EUR"},
        {"percent": "101"},
        {"amount": 5},
        {"amount": -5, "currency": "EUR"},
        {"percent": "10", "duration": "repeating"},
        {"amount": 5, "currency": "XXX"},
        {},
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(
    customer: Customer, terms: dict[str, Any]
) -> None:
    with pytest.raises((Invalid, ValidationError)):
        perform(CreateCoupon, None, {"name": "x", **terms}, actor=KEEPER)
    assert not Coupon.objects.exists()


def test_a_coupon_for_once_is_taken_once_in_a_batch(customer: Customer) -> None:
    redeem(customer, coupon(percent=10))
    drafts = [draft(customer, 1000), draft(customer, 1000)]
    with at_work():
        invoices = invoicing.issue_many(drafts)
    assert [invoice.total for invoice in invoices] == [900, 1000]
    assert_books_agree()
