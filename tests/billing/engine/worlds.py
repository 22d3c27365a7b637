"""Catalogues and customers as a random number generator makes them, with real rows."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from billing import customers
from billing.actions import CreatePlan, Subscribe
from billing.models import Customer, Invoice, InvoiceLine, Subscription
from billing.rating.anchors import Alignment
from billing.rating.proration import Counting
from billing.seed import SEEDER
from billing.tasks import bill_one
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import atomic
from tenants.models import Account
from tests.billing.desk import a_plan, pay_in_full
from tests.cast import make_tenant

SELLER = actors.system(
    "seller", "billing.subscribe_tenant", "tenants.view_tenant", "billing.view_customer"
)
NUMBERS = itertools.count(1)
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
INTERVALS = (("month", 1), ("week", 2), ("month", 3), ("day", 10), ("year", 1))
ZONES = ("UTC", "Europe/Berlin", "America/New_York")


def a_catalogue(dice: Random) -> str:
    """A plan with fees and seats of random amounts, phases and timing; its code."""
    code = f"random-{next(NUMBERS)}"
    interval, count = dice.choice(INTERVALS)
    terms: dict[str, Any] = {
        "price": None,
        "interval": interval,
        "interval_count": count,
        "prices": [_fee(dice), _seats(dice)],
    }
    perform(CreatePlan, None, a_plan(code, **terms), actor=SEEDER)
    return code


def _fee(dice: Random) -> dict[str, Any]:
    fee: dict[str, Any] = {"code": "base", "kind": "fee"}
    if dice.random() < 0.5:
        fee["timing"] = "arrears"
    if dice.random() < 0.5:
        return {**fee, "card": _flat(dice)}
    length = dice.choice(("P10D", "P1M", "P45D"))
    kind = dice.choice(("trial", "discount"))
    first: dict[str, Any] = {"kind": kind, "duration": length}
    if kind == "discount":
        first["card"] = _flat(dice)
    return {**fee, "phases": [first, {"kind": "evergreen", "card": _flat(dice)}]}


def _flat(dice: Random) -> dict[str, Any]:
    amount = Decimal(dice.randint(1, 99_999)).scaleb(-2)
    return {"price": {"model": "flat", "amount": str(amount)}}


def _seats(dice: Random) -> dict[str, Any]:
    tiers = [
        {"up_to": "5", "unit_amount": str(dice.randint(1, 20))},
        {"up_to": None, "unit_amount": str(dice.randint(1, 10))},
    ]
    card = {"price": {"model": dice.choice(("graduated", "volume")), "tiers": tiers}}
    return {"code": "seats", "kind": "seat", "card": card}


def a_customer(dice: Random) -> Customer:
    """An account of its own with random settings."""
    account = Account.objects.create(
        name=f"Random {next(NUMBERS)}", time_zone=dice.choice(ZONES)
    )
    with atomic():
        customer = customers.of(account)
    customer.counting = dice.choice(list(Counting))
    customer.alignment = dice.choice(list(Alignment))
    if customer.alignment == Alignment.DAY:
        customer.billing_day = dice.randint(1, 31)
    customer.save()
    return customer


def like(customer: Customer) -> Customer:
    """Another account with the same settings."""
    zone = customer.account.time_zone
    account = Account.objects.create(name=f"Twin {next(NUMBERS)}", time_zone=zone)
    with atomic():
        twin = customers.of(account)
    for name in ("counting", "alignment", "billing_day"):
        setattr(twin, name, getattr(customer, name))
    twin.save()
    return twin


def subscribe(customer: Customer, code: str, seats: dict[str, int]) -> Subscription:
    """In force, and paid for where something was to be paid."""
    tenant = make_tenant(customer.account, f"random-{next(NUMBERS)}")
    chosen = {"plan": code, "seats": seats}
    row = perform(Subscribe, tenant, chosen, actor=SELLER).result
    pay(customer)
    row.refresh_from_db()
    return row


def pay(customer: Customer) -> None:
    for invoice in Invoice.objects.filter(customer=customer, state="open"):
        pay_in_full(invoice, f"transfer {next(NUMBERS)}")


def bill(subscription: Subscription) -> int:
    return bill_one(subscription.public_id)


def billed(customer: Customer) -> list[tuple[Any, ...]]:
    """Every line with its days, in order."""
    rows = InvoiceLine.objects.filter(invoice__customer=customer)
    facts = ("description", "amount", "kind", "period_start", "period_end")
    return sorted(rows.values_list(*facts), key=str)
