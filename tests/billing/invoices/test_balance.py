"""The credit balance: granted, bought, used in order, expired, never below zero."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import clock
from billing.actions import BuyCredit, GrantCredit, ReduceCredit
from billing.errors import BalanceTooLow, OtherCurrency
from billing.ledger.tasks import close_day
from billing.models import BalanceEntry, Customer, LedgerEntry
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Invalid
from tests.billing.desk import Turn
from tests.billing.invoices.desk import KEEPER, assert_books_agree, bill, pay


def grant(customer: Customer, amount: int, **other: object) -> None:
    given = {"amount": amount, "reason": "sorry", **other}
    perform(GrantCredit, customer, given, actor=KEEPER)
    customer.refresh_from_db()


def test_credit_is_used_when_an_invoice_is_finalised(customer: Customer) -> None:
    grant(customer, 2500)
    invoice = bill(customer, 1000)
    assert (invoice.state, invoice.applied, customer.balance) == ("paid", 1000, 1500)
    invoice = bill(customer, 2000)
    assert (invoice.state, invoice.outstanding, customer.balance) == ("open", 500, 0)
    assert_books_agree()


def test_what_expires_first_and_was_given_away_is_used_first(
    customer: Customer,
) -> None:
    soon, later = (clock.now() + timedelta(days=days) for days in (5, 50))
    grant(customer, 100, reason="bought")
    grant(customer, 100, reason="later", promotion=True, expires_at=later.isoformat())
    grant(customer, 100, reason="soon", promotion=True, expires_at=soon.isoformat())
    grant(customer, 100, reason="first", priority=1)
    bill(customer, 250)
    left = {g.reason: g.left for g in customer.grants.all()}
    assert left == {"bought": 100, "later": 50, "soon": 0, "first": 0}
    assert_books_agree()


def test_credit_that_was_not_used_in_time_is_gone(
    customer: Customer, turn: Turn
) -> None:
    soon = (clock.now() + timedelta(days=5)).isoformat()
    grant(customer, 1000, promotion=True, expires_at=soon)
    turn(timedelta(days=6))
    assert bill(customer, 400).applied == 0
    assert close_day() == 0
    customer.refresh_from_db()
    assert customer.balance == 0
    assert [e.kind for e in BalanceEntry.objects.order_by("id")] == [
        "granted",
        "expired",
    ]
    assert_books_agree()


def test_credit_bought_ahead_is_there_once_it_is_paid(customer: Customer) -> None:
    invoice = perform(BuyCredit, customer, {"amount": 5000}, actor=KEEPER).result
    customer.refresh_from_db()
    assert customer.balance == 0
    pay(invoice)
    customer.refresh_from_db()
    assert customer.balance == 5000
    assert not LedgerEntry.objects.filter(account="revenue").exists()
    assert bill(customer, 5000).state == "paid"
    assert_books_agree()


def test_no_more_is_taken_back_than_there_is(customer: Customer) -> None:
    grant(customer, 500)
    with pytest.raises(BalanceTooLow, match=r"5\.00 EUR"):
        perform(ReduceCredit, customer, {"amount": 501, "reason": "x"}, actor=KEEPER)
    perform(ReduceCredit, customer, {"amount": 500, "reason": "x"}, actor=KEEPER)
    customer.refresh_from_db()
    assert customer.balance == 0
    assert_books_agree()


def test_credit_of_another_currency_or_of_the_past_is_refused(
    customer: Customer,
) -> None:
    with pytest.raises(OtherCurrency):
        grant(customer, 500, currency="USD")
    with pytest.raises(Invalid, match="expired"):
        grant(customer, 500, expires_at="2020-01-01T00:00:00Z")
    assert not BalanceEntry.objects.exists()


def test_credit_does_not_buy_credit_and_an_unpaid_offer_lapses(
    customer: Customer, turn: Turn
) -> None:
    grant(customer, 5000, promotion=True)
    offer = perform(BuyCredit, customer, {"amount": 5000}, actor=KEEPER).result
    assert (offer.state, offer.applied) == ("open", 0)
    turn(timedelta(days=15))
    assert close_day() == 0
    offer.refresh_from_db()
    assert offer.state == "void"
    assert_books_agree()
