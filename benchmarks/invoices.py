"""A month end: many subscriptions of mixed price models billed, and then once more.

The subscriptions are written as rows, in force since the month began; a part of the
customers has a coupon. Three of seven plans are metered: their tenants' usage of the
month is recorded as any sender's and rolled up before, so that reading the meters
meets full tables and the tiers rate something. What is measured is the biller alone:
its batches, each a transaction with its invoices, numbers, books, events and one entry
of the audit trail. There is no tax: that of a seller without a country.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Count, Max, Sum

from benchmarks.harness import counted, postgres_cpu, spread
from billing import clock
from billing.actions import CreateMeter, CreatePlan, RecordUsage
from billing.actions.biller import BATCH, BILLER, BillBatch
from billing.catalogue.terms import PlanInput
from billing.models import (
    Coupon,
    Customer,
    Invoice,
    InvoiceLine,
    Meter,
    Plan,
    Price,
    Redemption,
    Subscription,
    SubscriptionItem,
)
from billing.rating.discounts import Duration
from billing.seed import SEEDER
from billing.states import LineKind, PriceKind, SubscriptionState
from billing.usage import rollups
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import CONTROL, plane
from paybill_site.kernel.verifying import verify
from tenants.models import Account, Tenant

MANY, FEW = 10_000, 1_000
BEGAN, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
METER = actors.system(
    "bench", "billing.add_meter", "billing.record_usage", "billing.correct_usage"
)
# Events of each metered tenant over the month, and how many are sent at once.
EVENTS, AT_ONCE = 24, 1000
# Of how many customers one has a coupon.
COUPONED = 5
TIERS = [{"up_to": "10", "unit_amount": "9"}, {"up_to": None, "unit_amount": "7.5"}]
USED = [
    {"up_to": "1000", "unit_amount": "0.01"},
    {"up_to": None, "unit_amount": "0.004"},
]


def run(*, quick: bool) -> dict[str, Any]:
    """Figures of the first run, and of the same again."""
    with plane(CONTROL):
        number = FEW if quick else MANY
        tenants = _write_down(number, _plans())
        _give_coupons()
        used = _use(tenants)
        first = _billed()
        again = _billed()
        facts = _looked_at()
    return {"subscriptions": number, **used, **facts, "first": first, "again": again}


def _plans() -> list[Plan]:
    """One plan for each way to charge; each has a fee of its own besides."""
    with clock.at(BEGAN):
        if not Meter.objects.filter(code="requests").exists():
            words = {"name": "Requests", "unit": "request", "units": "requests"}
            terms = {
                "code": "requests",
                "aggregation": "sum",
                "value_from": "n",
                **words,
            }
            perform(CreateMeter, None, terms, actor=METER)
        return [_plan(*each) for each in enumerate(_prices())]


def _prices() -> Iterator[list[dict[str, Any]]]:
    seats = {"kind": "seat", "code": "seats"}
    metered = {"kind": "usage", "code": "requests", "meter": "requests"}
    yield []
    yield [{**seats, "card": _card("per_unit", unit_amount="4.25")}]
    yield [{**seats, "card": _card("graduated", tiers=TIERS)}]
    yield [{**seats, "card": _card("volume", tiers=TIERS)}]
    yield [{**metered, "card": _card("graduated", tiers=USED)}]
    yield [{**metered, "card": _card("package", amount="5", size="100")}]
    floor = {**_card("per_unit", unit_amount="0.02"), "minimum": "20"}
    yield [
        {**metered, "card": floor},
        {**seats, "card": _card("per_unit", unit_amount="3")},
    ]


def _card(model: str, **terms: Any) -> dict[str, Any]:
    return {"price": {"model": model, **terms}}


def _plan(number: int, prices: list[dict[str, Any]]) -> Plan:
    terms = PlanInput.model_validate(
        {
            "code": f"bench-{number}",
            "name": f"Bench {number}",
            "price": 2900,
            "currency": "EUR",
            "isolation": "pooled",
            "regions": ["local"],
            "prices": prices,
        }
    )
    return perform(CreatePlan, None, terms, actor=SEEDER).result


def _write_down(number: int, plans: list[Plan]) -> list[Tenant]:
    """Accounts, customers, tenants and subscriptions in force; whose usage counts."""
    owned = Account.objects.bulk_create(
        Account(name=f"Account {n}", created_by="bench") for n in range(number)
    )
    customers = Customer.objects.bulk_create(
        Customer(account=account, name=account.name, currency="EUR", next_at=ENDS)
        for account in owned
    )
    tenants = Tenant.objects.bulk_create(
        Tenant(
            account=account,
            name=account.name,
            slug=f"bench-{n}",
            slug_skeleton=f"bench-{n}",
        )
        for n, account in enumerate(owned)
    )
    rows = Subscription.objects.bulk_create(
        Subscription(
            tenant=tenant,
            customer=customer,
            plan=plans[n % len(plans)],
            region="local",
            state=SubscriptionState.ACTIVE,
            begun_at=BEGAN,
            activated_at=BEGAN,
            anchor=BEGAN,
            period_start=BEGAN,
            period_end=ENDS,
            next_at=ENDS,
        )
        for n, (tenant, customer) in enumerate(zip(tenants, customers, strict=True))
    )
    SubscriptionItem.objects.bulk_create(_items(rows), batch_size=5_000)
    metered = {
        plan.pk for plan in plans if plan.prices.filter(kind=PriceKind.USAGE).exists()
    }
    return [row.tenant for row in rows if row.plan_id in metered]


def _give_coupons() -> None:
    """Ten per cent off for ever, for a part of the customers."""
    coupon = Coupon.objects.create(name="Bench", percent=10, duration=Duration.FOREVER)
    given = Customer.objects.order_by("pk").values_list("pk", flat=True)[::COUPONED]
    Redemption.objects.bulk_create(
        Redemption(customer_id=pk, coupon=coupon) for pk in given
    )


def _use(tenants: list[Tenant]) -> dict[str, Any]:
    """Send the month's usage as a product does, and roll it up."""
    started = time.perf_counter()
    events = list(_events(tenants))
    with clock.at(ENDS):
        for first in range(0, len(events), AT_ONCE):
            sent = {"events": events[first : first + AT_ONCE]}
            perform(RecordUsage, None, sent, actor=METER)
    rollups.sweep()
    seconds = round(time.perf_counter() - started, 2)
    return {"usage_events": len(events), "usage_recorded_and_rolled_up_s": seconds}


def _events(tenants: list[Tenant]) -> Iterator[dict[str, Any]]:
    step = (ENDS - BEGAN) / EVENTS
    for n, tenant in enumerate(tenants):
        for number in range(EVENTS):
            yield {
                "id": f"{n}-{number}",
                "source": "bench",
                "tenant": tenant.public_id,
                "meter": "requests",
                "at": (BEGAN + step * number).isoformat(),
                "properties": {"n": str(1 + (n * 7 + number * 13) % 200)},
            }


def _items(rows: list[Subscription]) -> Iterator[SubscriptionItem]:
    prices: dict[int, list[Price]] = {}
    for price in Price.objects.order_by("plan", "position"):
        prices.setdefault(price.plan_id, []).append(price)
    for n, row in enumerate(rows):
        for price in prices[row.plan_id]:
            metered = price.kind == "usage"
            yield SubscriptionItem(
                subscription=row,
                price=price,
                quantity=Decimal(1 + n % 25) if price.kind == "seat" else Decimal(1),
                start=BEGAN,
                billed_to=BEGAN if metered else ENDS,
            )


def _billed() -> dict[str, Any]:
    """Bill everybody who is due; time, memory and messages of the batches."""
    before, started = Invoice.objects.count(), time.perf_counter()
    worked, served = time.process_time(), postgres_cpu()
    batches: list[float] = []
    memory: list[float] = []
    messages: list[int] = []
    with clock.at(ENDS):
        while True:
            begun = time.perf_counter()
            with counted() as sent:
                found = perform(BillBatch, None, {"most": BATCH}, actor=BILLER).output
            if not found["customers"]:
                break
            batches.append((time.perf_counter() - begun) * 1000)
            memory.append(_resident())
            messages.append(len(sent))
    seconds = time.perf_counter() - started
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(time.process_time() - worked, 2),
        "postgres_cpu_seconds": round(postgres_cpu() - served, 2),
        "invoices_added": Invoice.objects.count() - before,
        "batch_ms": spread(batches) if batches else {},
        "messages_per_batch": spread(messages) if messages else {},
        "memory_mb": [memory[0], max(memory), memory[-1]] if memory else [],
    }


def _resident() -> float:
    """Megabytes that the process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * 4096 / 2**20, 1)


def _looked_at() -> dict[str, Any]:
    """Whether all of it is there, once: numbers without a gap, one bill each."""
    counted_rows = Invoice.objects.aggregate(n=Count("id"), last=Max("sequence"))
    each = Invoice.objects.values("subscription").annotate(n=Count("id"))
    usage = InvoiceLine.objects.filter(kind=LineKind.USAGE, amount__gt=0)
    verdict = verify()
    return {
        "invoices": counted_rows["n"],
        "lines": InvoiceLine.objects.count(),
        "usage_lines": usage.count(),
        "usage_minor_units": usage.aggregate(sum=Sum("amount"))["sum"],
        "discounted_lines": InvoiceLine.objects.filter(discount__gt=0).count(),
        "gapless": counted_rows["n"] == counted_rows["last"],
        "billed_twice": each.filter(n__gt=1).count(),
        "audit_findings": len(verdict.findings),
    }
