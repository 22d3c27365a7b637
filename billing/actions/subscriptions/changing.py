"""Change the plan, the seats and the add-ons; a dry run shows the amount before."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field

from billing import changes, clock
from billing.actions.subscriptions.subscribing import (
    PlanChoice,
    Quantities,
    addons_on_sale,
    on_sale,
    seats,
    to_pay,
)
from billing.changes import When
from billing.engine.baskets import Wanted
from billing.errors import NoSuchChange, RegionNotOffered
from billing.models import Subscription
from billing.states import InvoiceKind
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.inputs import Soon

WHEN = "now, with the next period, or by default now what costs more"


class PlanChange(PlanChoice):
    when: When = Field(default=When.DEFAULT, description=WHEN)


class ChangePlan(Action[Subscription, PlanChange, Subscription]):
    """Change to another plan; a dry run shows when, and what is to be paid before.

    More is charged for the rest of the period and takes effect on payment; less
    takes effect with the next period, or now with a credit to the balance.
    """

    model = Subscription
    Input = PlanChange
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = changes.CHANGEABLE

    def run(
        self, target: Subscription, data: PlanChange, *, actor: Actor
    ) -> Subscription:
        if data.region and data.region != target.region:
            raise RegionNotOffered("the region of a tenant can not change")
        plan = on_sale(data.plan)
        wanted = Wanted(plan, seats(data.seats, plan))
        changes.make(target, wanted, data.when)
        return target

    def present(self, result: Subscription) -> dict[str, Any]:
        return {**super().present(result), **changed(result)}


def changed(result: Subscription) -> dict[str, Any]:
    """What doors return about a change."""
    planned = result.next_plan.code if result.next_plan else ""
    plans = {"plan": result.plan.code, "next_plan": planned}
    return {**plans, **to_pay(result, InvoiceKind.CHANGE)}


class QuantityChange(Input):
    seats: Quantities = Field(
        min_length=1, max_length=20, description="how many, by code of the seat"
    )
    when: When = Field(default=When.DEFAULT, description=WHEN)


class ChangeQuantity(Action[Subscription, QuantityChange, Subscription]):
    """Have more seats, or fewer; a dry run shows when, and what is paid before."""

    model = Subscription
    Input = QuantityChange
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = changes.CHANGEABLE

    def run(
        self, target: Subscription, data: QuantityChange, *, actor: Actor
    ) -> Subscription:
        wanted = Wanted(quantities=seats(data.seats, target.plan))
        changes.make(target, wanted, data.when)
        return target

    def present(self, result: Subscription) -> dict[str, Any]:
        return {**super().present(result), **changed(result)}


class AddonChange(Input):
    addon: str = Field(min_length=1, max_length=40, description="code of an add-on")
    quantity: int = Field(default=1, ge=0, le=1_000_000, description="0: none any more")
    when: When = Field(default=When.DEFAULT, description=WHEN)
    at: Soon | None = Field(default=None, description="a moment to come")


class SetAddon(Action[Subscription, AddonChange, Subscription]):
    """Take an add-on, have more or fewer of it, or none any more."""

    model = Subscription
    Input = AddonChange
    permission = "billing.change_subscription"
    danger = Danger.CAREFUL
    legal_in = changes.CHANGEABLE

    def run(
        self, target: Subscription, data: AddonChange, *, actor: Actor
    ) -> Subscription:
        wanted = _wanted(target, data)
        if data.at is None:
            changes.make(target, wanted, data.when)
        elif data.at <= clock.now():
            raise NoSuchChange("this moment has passed")
        else:
            changes.schedule(target, wanted, data.at)
        return target

    def present(self, result: Subscription) -> dict[str, Any]:
        return {**super().present(result), **changed(result)}


def _wanted(subscription: Subscription, data: AddonChange) -> Wanted:
    """The add-on as it is sold, or as it is had where there are to be none."""
    if data.quantity:
        return Wanted(addons=addons_on_sale({data.addon: data.quantity}))
    had = subscription.items.filter(end=None, price__plan__code=data.addon)
    item = had.select_related("price__plan").first()
    if item is None:
        raise NoSuchChange(f"there is no {data.addon} in this subscription")
    return Wanted(addons={item.price.plan: Decimal(0)})
