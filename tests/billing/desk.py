"""What the stories of billing do over and over: sell a plan, pay an invoice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.actions import CreatePlan, MarkInvoicePaid
from billing.actions.plans import PlanInput
from billing.dunning.tasks import dun_one
from billing.models import Invoice, Plan, Subscription
from billing.seed import SEEDER
from billing.tasks import bill_one
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform

START = datetime(2026, 1, 31, 12, tzinfo=UTC)
BANK = actors.system("bank", "billing.view_invoice", "billing.settle_invoice")

type Turn = Callable[[timedelta], datetime]


def a_plan(code: str, price: int | None = 3000, **other: Any) -> PlanInput:
    """A pooled plan by the month, in euros, with what is given besides."""
    terms = {
        "code": code,
        "name": code.capitalize(),
        "price": price,
        "currency": "EUR",
        "isolation": "pooled",
        "regions": ["local", "north"],
        "features": {"sso": True},
        "limits": {"agents": 5},
        **other,
    }
    return PlanInput.model_validate(terms)


def sell(code: str, price: int | None = 3000, **other: Any) -> Plan:
    return perform(CreatePlan, None, a_plan(code, price, **other), actor=SEEDER).result


def pay_in_full(invoice: Invoice, reference: str = "") -> None:
    """Let a bank transfer of all that is open come in."""
    transfer = {"reference": reference or f"bank {invoice.number}"}
    perform(MarkInvoicePaid, invoice, transfer, actor=BANK)
    invoice.refresh_from_db()


def live(subscription: Subscription) -> None:
    """Let everything happen that is due by now: periods, and what is unpaid."""
    bill_one(subscription.public_id)
    dun_one(subscription.customer.public_id)


def only_open(subscription: Subscription) -> Invoice:
    return subscription.invoices.get(state="open")
