"""The nightly check: it finds what does not agree, and says so where people look."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from billing.actions import CheckBooks, MarkRefundSent
from billing.admin.credits import books
from billing.ledger.tasks import close_day
from billing.models import BooksCheck, Customer, InvoiceSeries, LedgerEntry, Refund
from paybill_site.celery import EVERY
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tests.billing.invoices.desk import KEEPER, bill, credit, pay


def sums() -> dict[str, int]:
    found: dict[str, int] = {}
    for account, amount in LedgerEntry.objects.values_list("account", "amount"):
        found[account] = found.get(account, 0) + amount
    return {account: amount for account, amount in found.items() if amount}


def test_every_movement_is_booked_twice(german: Customer) -> None:
    invoice = bill(german, 10_000)
    assert sums() == {"receivable": 11_900, "revenue": -10_000, "tax": -1900}
    pay(invoice, 12_000)
    assert sums() == {
        "cash": 12_000,
        "revenue": -10_000,
        "tax": -1900,
        "credit": -100,
    }
    credit(invoice, to="refund")
    assert sums() == {"cash": 12_000, "refunds": -11_900, "credit": -100}
    perform(MarkRefundSent, Refund.objects.get(), {"reference": "x"}, actor=KEEPER)
    assert sums() == {"cash": 100, "credit": -100}


def test_revenue_has_the_period_it_is_earned_in(customer: Customer) -> None:
    invoice = bill(customer, 10_000)
    entry = LedgerEntry.objects.get(account="revenue")
    row = invoice.lines.get()
    assert (entry.line, entry.period_start) == (row, row.period_start)


@pytest.fixture
def busy(german: Customer) -> Customer:
    invoice = bill(german, 10_000)
    pay(invoice, 12_000)
    credit(invoice, amount=1000)
    return german


def test_when_all_agrees_nothing_waits(busy: Customer, operator: Actor) -> None:
    assert close_day() == 0
    assert list(books(operator)) == []
    assert "billing.close_day" in EVERY
    said = StringIO()
    call_command("billing_check", everything=True, stdout=said)
    assert said.getvalue().startswith("All agrees")


@pytest.mark.parametrize(
    ("model", "change", "check"),
    [
        ("customer", {"balance": 1}, "a customer's balance is not what"),
        ("invoice", {"paid": 1}, "what was paid on an invoice"),
        ("invoiceseries", {"last": 7}, "a number is missing"),
        ("payment", {"amount": 1}, "a payment is not in the ledger"),
        ("creditgrant", {"left": 0}, "what is left of a credit"),
    ],
)
def test_what_does_not_agree_is_found(
    busy: Customer, operator: Actor, model: str, change: dict[str, Any], check: str
) -> None:
    apps.get_model(f"billing.{model}")._base_manager.update(**change)
    perform(CheckBooks, None, actor=KEEPER)
    found = BooksCheck.objects.get().differences
    assert any(each["check"].startswith(check) for each in found), found
    (told,) = books(operator)
    assert told["tone"] == "bad"
    with pytest.raises(CommandError):
        call_command("billing_check", stdout=StringIO())


def test_a_number_that_is_missing_is_named(busy: Customer) -> None:
    InvoiceSeries.objects.filter(name="2026").update(last=2)
    with pytest.raises(CommandError, match="1 differences"):
        call_command("billing_check", stdout=StringIO())
