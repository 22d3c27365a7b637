"""Input that is refused, guesses that are counted, refunds to the last minor unit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billing import clock
from billing.actions import RefundPayment
from billing.actions.credits import BuyCredit, GrantCredit
from billing.coupons import redeeming
from billing.errors import NoSuchCode
from billing.models import Customer, Invoice, Payment, Refund, TaxRate
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Invalid, TooMany
from tests.billing.invoices.desk import KEEPER, assert_books_agree, bill, pay, redeem


@pytest.mark.parametrize(
    "given",
    [{"currency": "QQQ"}, {"expires_at": "2027-01-01T00:00:00"}],
)
def test_no_such_currency_and_no_moment_without_a_zone(
    customer: Customer, given: dict[str, Any]
) -> None:
    Customer.objects.update(currency="")
    asked = {"amount": 100, "reason": "x", "currency": "EUR", **given}
    with pytest.raises(Invalid):
        perform(GrantCredit, customer, asked, actor=KEEPER)
    assert Customer.objects.get().currency == ""


def test_codes_are_not_guessed_at(
    customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redeeming, "MOST", 3)
    for guess in ("A1", "A2", "A3"):
        with pytest.raises(NoSuchCode):
            redeem(customer, guess)
    with pytest.raises(TooMany):
        redeem(customer, "A4")


def test_one_purchase_of_credit_waits_at_a_time(customer: Customer) -> None:
    def buy(amount: int) -> Invoice:
        bought: Invoice = perform(
            BuyCredit, customer, {"amount": amount}, actor=KEEPER
        ).result
        return bought

    first = buy(1000)
    assert buy(1000) == first
    other = buy(2500)
    first.refresh_from_db()
    assert (first.state, other.state) == ("void", "open")
    assert_books_agree()


@pytest.mark.parametrize("amount", [1, 7, 99, 1234, 3333])
def test_a_refund_is_what_was_asked_for_to_the_last_unit(
    german: Customer, amount: int
) -> None:
    invoice = bill(german, 333, 1777, 1001)
    pay(invoice)
    payment = Payment.objects.get()
    for _ in range(2):
        asked = {"amount": min(amount, 1500), "why": "part"}
        refund: Refund = perform(RefundPayment, payment, asked, actor=KEEPER).result
        assert refund.note is not None
        assert (refund.amount, refund.note.total) == (asked["amount"],) * 2
    assert_books_agree()


def test_the_new_year_begins_at_the_customers_midnight(german: Customer) -> None:
    """Half past midnight in Berlin is last year in UTC; the new rate holds."""
    account = german.account
    account.time_zone = "Europe/Berlin"
    account.save()
    for day, percent in (("2020-01-01", "19"), ("2027-01-01", "21")):
        TaxRate.objects.create(
            country="DE", name="VAT", percent=percent, valid_from=day
        )
    with clock.at(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)):
        assert bill(german, 10_000).tax == 2100
