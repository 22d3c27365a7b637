"""Letting subscriptions of earlier versions of a plan have a later one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billing.catalogue.places import why_no_place
from billing.catalogue.versions import currencies_of
from billing.models import Customer, Plan, Subscription
from billing.rating import money
from billing.states import SubscriptionState

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Migration:
    """Who gets the version with the next period, and who stays, with the reason."""

    plan: Plan
    moved: tuple[Subscription, ...]
    staying: tuple[tuple[Subscription, str], ...]

    def told(self) -> dict[str, Any]:
        """JSON values; the first hundred of each are named."""
        return {
            "id": self.plan.public_id,
            "state": self.plan.state,
            "migrated": len(self.moved),
            "staying": len(self.staying),
            "subscriptions": [_moved(row, self.plan) for row in self.moved[:SHOWN]],
            "reasons": [
                {"subscription": row.public_id, "why": why}
                for row, why in self.staying[:SHOWN]
            ],
        }


def migrate(plan: Plan, versions: Sequence[int] = ()) -> Migration:
    """Set ``plan`` for the next period of subscriptions of its earlier versions.

    Of these versions only, or of all. Only inside an action; locks their customers.
    """
    moved, staying = [], []
    currencies = currencies_of(plan)
    for subscription in _locked(plan, versions):
        why = _why_not(subscription, plan, currencies)
        if why:
            staying.append((subscription, why))
        else:
            take_next(subscription, plan)
            moved.append(subscription)
    return Migration(plan, tuple(moved), tuple(staying))


def take_next(subscription: Subscription, plan: Plan) -> None:
    """Have a plan from the next period on. Only inside an action."""
    subscription.next_plan = plan
    subscription.save(update_fields=["next_plan"])


def _locked(plan: Plan, versions: Sequence[int]) -> list[Subscription]:
    """Customers first, then their subscriptions, both in the order of their rows."""
    rows = (
        Subscription.objects.filter(
            plan__code=plan.code, plan__version__lt=plan.version
        )
        .exclude(state=SubscriptionState.CANCELLED)
        .order_by("pk")
    )
    if versions:
        rows = rows.filter(plan__version__in=versions)
    customers = Customer.objects.filter(subscriptions__in=rows).order_by("pk")
    keys = list(dict.fromkeys(customers.values_list("pk", flat=True)))
    locked = Customer.objects.select_for_update(of=("self",), no_key=True)
    list(locked.filter(pk__in=keys).order_by("pk"))
    found = rows.select_for_update(of=("self",), no_key=True)
    return list(found.select_related("plan", "next_plan", "customer", "tenant"))


def _why_not(subscription: Subscription, plan: Plan, currencies: set[str]) -> str:
    planned, old = subscription.next_plan, subscription.plan
    if planned is not None and planned.code != plan.code:
        return f"changes to {planned.name} with its next period"
    if subscription.cancel_at_period_end:
        return "ends with its period"
    if why := why_no_place(subscription, plan):
        return why
    if subscription.region not in plan.regions:
        return f"this version is not offered in {subscription.region}"
    billed_in = subscription.customer.currency or old.currency
    return (
        "" if billed_in in currencies else f"this version has no price in {billed_in}"
    )


def _moved(subscription: Subscription, plan: Plan) -> dict[str, Any]:
    old = subscription.plan
    return {
        "subscription": subscription.public_id,
        "tenant": subscription.tenant.name,
        "version": old.version,
        "from": subscription.period_end.isoformat(),
        "before": money.text(old.price, old.currency),
        "after": money.text(plan.price, plan.currency),
    }
