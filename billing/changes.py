"""What a change of plan means: when it takes effect, and what it costs until then.

An upgrade is charged for the rest of the period and takes effect when that is paid,
so a failed payment never takes away the plan that is paid for. A downgrade, and a
change to another billing interval, take effect with the next period.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from billing.errors import NeedsMove, NoSuchChange, RegionNotOffered
from billing.invoicing import Item
from billing.models import Plan, Subscription
from billing.rating.lines import rest_of
from billing.states import SubscriptionState


class When(StrEnum):
    NOW = "now"
    ON_PAYMENT = "on payment"
    NEXT_PERIOD = "next period"


@dataclass(frozen=True, slots=True)
class Change:
    """When a change takes effect, and the lines to pay for it first (or none)."""

    when: When
    items: tuple[Item, ...] = ()

    @property
    def due(self) -> int:
        """Minor units to pay before the change takes effect."""
        return sum(charge.amount for _, charge in self.items)


def work_out(subscription: Subscription, plan: Plan, at: datetime) -> Change:
    """The change to ``plan`` at a moment. Raises NoSuchChange, NeedsMove and others."""
    _check(subscription, plan)
    old = subscription.plan
    if subscription.state == SubscriptionState.TRIALING:
        return Change(When.NOW)
    if plan.every != old.every or plan.price < old.price:
        return Change(When.NEXT_PERIOD)
    items = _rest(subscription, plan, at)
    due = sum(charge.amount for _, charge in items)
    return Change(When.ON_PAYMENT, items) if due > 0 else Change(When.NOW)


def _rest(subscription: Subscription, plan: Plan, at: datetime) -> tuple[Item, ...]:
    old, period = subscription.plan, subscription.period
    new = rest_of(plan.price, plan.currency, period, at)
    items = [(f"{plan.name}, rest of the period", new)]
    if not old.free:
        unused = rest_of(old.price, old.currency, period, at, credit=True)
        items.append((f"{old.name}, unused rest of the period", unused))
    return tuple(items)


def _check(subscription: Subscription, plan: Plan) -> None:
    old = subscription.plan
    if subscription.state not in {SubscriptionState.ACTIVE, SubscriptionState.TRIALING}:
        said = subscription.get_state_display()
        raise NoSuchChange(f"the subscription is {said}; its plan can not change now")
    if plan == old:
        raise NoSuchChange("this is the present plan")
    if (plan.isolation, plan.cloud) != (old.isolation, old.cloud):
        raise NeedsMove
    if plan.currency != old.currency:
        raise NoSuchChange(f"the subscription is billed in {old.currency}")
    if subscription.region not in plan.regions:
        raise RegionNotOffered(f"{plan.name} is not offered in {subscription.region}")
