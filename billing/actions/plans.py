"""Verbs of the catalogue. A plan is never edited: a new version takes its place."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from billing import machines
from billing.catalogue import Features, Limits
from billing.models import Plan, Price
from billing.models.prices import CARD
from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.periods import Interval
from billing.rating.prices import Flat
from billing.states import PlanState, PriceKind
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from tenants.states import Isolation

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class PlanInput(Input):
    """A plan in full, as it will be sold."""

    code: Code = Field(description="the same in every version")
    name: str = Field(min_length=1, max_length=60)
    summary: str = Field(default="", max_length=200)
    price: int = Field(ge=0, le=10**12, description="minor units, 4900 is 49.00 EUR")
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217")
    interval: Interval = Interval.MONTH
    interval_count: int = Field(default=1, ge=1, le=36)
    trial_days: int = Field(default=0, ge=0, le=365)
    isolation: Isolation
    cloud: str = Field(default="local", max_length=20)
    regions: list[Region] = Field(min_length=1, max_length=50)
    size: str = Field(default="small", min_length=1, max_length=20)
    retention_days: int = Field(default=30, ge=0, le=3650)
    features: Features = Field(default_factory=dict, max_length=100)
    limits: Limits = Field(default_factory=dict, max_length=100)

    @field_validator("currency")
    @classmethod
    def known(cls, currency: str) -> str:
        money.exponent(currency)
        return currency


class CreatePlan(Action[None, PlanInput, Plan]):
    """Put a plan on sale, in place of the version that is on sale now.

    Who has an earlier version keeps it.
    """

    model = Plan
    Input = PlanInput
    permission = "billing.add_plan"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: PlanInput, *, actor: Actor) -> Plan:
        earlier = Plan.objects.select_for_update(no_key=True).filter(code=data.code)
        newest = earlier.order_by("-version").first()
        for plan in earlier.filter(state=PlanState.ON_SALE):
            machines.plans.move(plan, PlanState.RETIRED, reason="a new version")
        version = newest.version + 1 if newest else 1
        plan = Plan.objects.create(version=version, **data.model_dump())
        fee = money.to_major(data.price, data.currency)
        Price.objects.create(
            plan=plan,
            code="base",
            name=plan.name,
            kind=PriceKind.FEE,
            currency=plan.currency,
            card=CARD.dump_python(RateCard(Flat(fee)), mode="json"),
            interval=plan.interval,
            interval_count=plan.interval_count,
        )
        return plan


class RetirePlan(Action[Plan, NoInput, Plan]):
    """Take a plan off sale; those who have it keep it."""

    model = Plan
    permission = "billing.retire_plan"
    danger = Danger.CAREFUL
    legal_in = frozenset({PlanState.ON_SALE})

    def run(self, target: Plan, data: NoInput, *, actor: Actor) -> Plan:
        machines.plans.move(target, PlanState.RETIRED)
        return target
