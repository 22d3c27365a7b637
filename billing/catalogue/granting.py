"""What a subscription grants: its plan, its add-ons, and what was agreed besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from billing import clock
from billing.models import Plan, Subscription, SubscriptionItem
from billing.rating import grants
from billing.rating.grants import Allowance, Grant
from billing.states import PlanKind, PlanState


def entitled(subscription: Subscription) -> Grant:
    """Features and limits of a subscription now, by the rule of ``rating.grants``.

    Add-ons that come with the plan count first, then those taken, in their order.
    """
    plan = subscription.plan
    addons = [*_included(plan), *_taken(subscription)]
    return grants.merged(of_plan(plan), addons, _granted(subscription.overrides))


def of_plan(plan: Plan) -> Grant:
    """What one of a plan, or of an add-on, grants by itself."""
    said = {name: getattr(plan, name) for name in ("features", "limits", "metered")}
    return _granted(said)


def _granted(said: Mapping[str, Any]) -> Grant:
    metered = said.get("metered") or {}
    return Grant(
        said.get("features") or {},
        said.get("limits") or {},
        {meter: Allowance(**allowed) for meter, allowed in metered.items()},
    )


def _included(plan: Plan) -> Iterator[tuple[Grant, Decimal]]:
    if not plan.includes:
        return
    rows = Plan.objects.filter(code__in=plan.includes, kind=PlanKind.ADDON)
    rows = rows.exclude(state=PlanState.SCHEDULED)
    newest = {addon.code: addon for addon in rows.order_by("version")}
    for code in sorted(newest):
        yield of_plan(newest[code]), Decimal(plan.includes[code])


def _taken(subscription: Subscription) -> Iterable[tuple[Grant, Decimal]]:
    now = clock.now()
    # Within a trial everything is there, and billed from its end on.
    begun = Q(start__lte=now) | Q(subscription__trial_end__gt=now)
    rows: Iterable[SubscriptionItem] = (
        subscription.items.filter(Q(end=None) | Q(end__gt=now), begun)
        .exclude(end=F("start"))  # offered, and not paid for
        .filter(price__plan__kind=PlanKind.ADDON)
        .select_related("price__plan")
        .order_by("start", "pk")
    )
    quantities: dict[Plan, Decimal] = {}
    for item in rows:
        addon = item.price.plan
        quantities[addon] = max(item.quantity, quantities.get(addon, Decimal(0)))
    return [(of_plan(addon), quantity) for addon, quantity in quantities.items()]
