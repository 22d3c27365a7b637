"""A customer with all that is billed, as loaded: what the engine works on.

The rows are changed in memory only. Whoever bills writes them afterwards; whoever asks
what would be throws them away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F, Q

from billing.catalogue.versions import held_among
from billing.models import (
    Customer,
    InvoiceLine,
    MeteredPeriod,
    Plan,
    Standing,
    Subscription,
    SubscriptionItem,
)
from billing.states import InvoiceState, LineKind, PlanKind, SubscriptionState


@dataclass(slots=True)
class Held:
    """A subscription with its items that are not over.

    ``state`` is what it moves to, for ``reason``; the row's own stays until it is
    written. ``changed`` says that what it grants has changed, ``lapsed`` that what was
    offered for it is not to be had any more. ``metered`` are periods of meters that
    are rated for the first time.
    """

    row: Subscription
    items: list[SubscriptionItem]
    state: str
    reason: str = ""
    changed: bool = False
    lapsed: bool = False
    metered: list[MeteredPeriod] = field(default_factory=list)

    def move(self, state: SubscriptionState, reason: str) -> None:
        """Let it be in another state from here on."""
        self.state, self.reason = state, reason

    def open_at(self, moment: datetime) -> list[SubscriptionItem]:
        """The items that go on at a moment."""
        return [item for item in self.items if item.end is None or item.end > moment]

    def base(self, moment: datetime) -> list[SubscriptionItem]:
        """Those of them that are the plan's own, without add-ons."""
        return [
            item
            for item in self.open_at(moment)
            if item.price.plan.kind == PlanKind.BASE
        ]


@dataclass(slots=True)
class Account:
    """A customer, what it holds, and plans that may come to hold for it too.

    ``versions`` by code are those of plans that say from when they are for existing
    subscriptions; ``plans`` by key are those that subscriptions wait for. ``late`` are
    periods of meters whose usage changed after they were billed, and ``mended`` those
    of them that were rated again.
    """

    customer: Customer
    held: list[Held]
    versions: dict[str, list[Plan]] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    late: list[MeteredPeriod] = field(default_factory=list)
    mended: list[MeteredPeriod] = field(default_factory=list)

    def version_of(self, plan: Plan, moment: datetime) -> Plan:
        """The version that holds from a moment on for who has ``plan``."""
        known = self.versions.get(plan.code)
        return held_among(plan, known, moment) if known else plan


def load(customers: Sequence[Customer]) -> list[Account]:
    """The customers with their subscriptions, in a handful of queries."""
    held = defaultdict(list)
    by_pk = {customer.pk: customer for customer in customers}
    for subscription in _subscriptions(by_pk):
        subscription.customer = customer = by_pk[subscription.customer_id]
        subscription.tenant.account = customer.account
        held[customer.pk].append(Held(subscription, [], subscription.state))
    every = [one for several in held.values() for one in several]
    _add_items(every)
    versions, plans, late = _versions(), _plans(every), _late(by_pk, every)
    return [
        Account(one, held[one.pk], versions, plans, late[one.pk]) for one in customers
    ]


def hold(subscription: Subscription) -> tuple[Account, Held]:
    """One subscription with its items, as an account of its own."""
    customer, held = subscription.customer, Held(subscription, [], subscription.state)
    subscription.tenant.account = customer.account
    _add_items([held])
    return Account(customer, [held], _versions(), _plans([held])), held


def _subscriptions(customers: Iterable[int]) -> Iterable[Subscription]:
    rows = Subscription.objects.filter(customer__in=customers)
    rows = rows.exclude(state=SubscriptionState.CANCELLED)
    rows = rows.select_related("plan", "next_plan", "tenant").order_by("pk")
    return rows.prefetch_related("next_plan__prices")


def _add_items(several: Iterable[Held]) -> None:
    by_pk = {held.row.pk: held for held in several}
    rows = SubscriptionItem.objects.filter(subscription__in=by_pk)
    goes_on = Q(end=None) | Q(billed_to__lt=F("end"))
    for item in rows.filter(goes_on).select_related("price__plan").order_by("pk"):
        held = by_pk[item.subscription_id]
        item.subscription = held.row
        held.items.append(item)


def _late(
    customers: dict[int, Customer], several: Iterable[Held]
) -> dict[int, list[MeteredPeriod]]:
    """By customer; of subscriptions that are over, too."""
    held = {one.row.pk: one.row for one in several}
    found = defaultdict(list)
    rows = MeteredPeriod.objects.filter(customer__in=customers, standing=Standing.LATE)
    joined = ("item__price__plan", "item__subscription__tenant")
    for period in rows.select_related(*joined).order_by("start", "pk"):
        item, customer = period.item, customers[period.customer_id]
        row = item.subscription = held.get(item.subscription_id, item.subscription)
        row.customer, row.tenant.account = customer, customer.account
        found[customer.pk].append(period)
    _add_charged([late for several in found.values() for late in several])
    return found


def _add_charged(late: list[MeteredPeriod]) -> None:
    """Tell each period which lines a correction gives back from."""
    found: dict[tuple[int | None, datetime | None], dict[str, InvoiceLine]]
    found = defaultdict(dict)
    for line in _lines_of_usage(late) if late else ():
        found[line.item_id, line.period_start][line.kind] = line
    for period in late:
        period.charged = found[period.item_id, period.start]


def _lines_of_usage(late: list[MeteredPeriod]) -> Iterable[InvoiceLine]:
    kinds = [LineKind.USAGE, LineKind.COMMITMENT]
    rows = InvoiceLine.objects.filter(item__in=[period.item_id for period in late])
    rows = rows.filter(kind__in=kinds, amount__gt=0).order_by("pk")
    return rows.exclude(invoice__state=InvoiceState.VOID)


def _versions() -> dict[str, list[Plan]]:
    """All versions of the plans of which one is for existing subscriptions."""
    found = defaultdict(list)
    codes = Plan.objects.filter(effective_for_existing__isnull=False).values("code")
    for plan in Plan.objects.filter(code__in=codes).prefetch_related("prices"):
        found[plan.code].append(plan)
    return found


def _plans(several: Iterable[Held]) -> dict[int, Plan]:
    """Plans of add-ons that subscriptions wait for."""
    waiting = (change for held in several for change in held.row.waiting)
    keys = {int(key) for change in waiting for key in change.get("addons", {})}
    if not keys:
        return {}
    return Plan.objects.prefetch_related("prices").in_bulk(keys)
