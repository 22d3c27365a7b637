"""The plans that an embedded installation starts with; an example of a catalogue."""

from __future__ import annotations

from decimal import Decimal

from billing.actions.plans import CreatePlan, PlanInput
from billing.catalogue.terms import Allowed, PriceInput
from billing.models import Plan
from billing.rating.cards import RateCard
from billing.rating.prices import PerUnit
from billing.rating.tiers import Graduated, Tier
from billing.states import PlanKind, PriceKind
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from tenants.states import Isolation

SEEDER = actors.system("seed", "billing.add_plan", "billing.view_plan")

# Five people come with the plan; who invites more pays for each.
SEATS = PriceInput(
    code="seats",
    name="Seats",
    kind=PriceKind.SEAT,
    card=RateCard(
        Graduated(
            (
                Tier(up_to=Decimal(5)),
                Tier(up_to=Decimal(50), unit_amount=Decimal("9")),
                Tier(up_to=None, unit_amount=Decimal("7.50")),
            )
        )
    ),
)
# The meter of the same code is seeded with the meters.
API_CALLS = PriceInput(
    code="api-calls",
    name="API calls",
    kind=PriceKind.USAGE,
    meter="api_calls",
    card=RateCard(PerUnit(Decimal("0.0005")), free_units=Decimal(10_000)),
)
MORE_AGENTS = PriceInput(
    code="base",
    name="Ten more agents",
    kind=PriceKind.SEAT,
    card=RateCard(PerUnit(Decimal(19))),
)

PLANS = (
    PlanInput(
        code="free",
        name="Free",
        summary="To try it out, for as long as you like.",
        price=0,
        currency="EUR",
        isolation=Isolation.POOLED,
        regions=["local"],
        retention_days=7,
        features={},
        limits={"agents": 2, "products": 100},
    ),
    PlanInput(
        code="team",
        name="Team",
        summary="For work that others rely on.",
        price=4900,
        currency="EUR",
        isolation=Isolation.BRIDGE,
        regions=["local"],
        retention_days=30,
        features={"support": "by e-mail"},
        limits={"agents": 20, "products": 10_000},
        metered={"api_calls": Allowed(limit=1_000_000)},
        prices=[SEATS, API_CALLS],
    ),
    PlanInput(
        code="business",
        name="Business",
        summary="Nothing is shared with anybody.",
        price=49900,
        currency="EUR",
        isolation=Isolation.SILO,
        regions=["local"],
        size="medium",
        retention_days=90,
        features={"support": "by telephone", "own_domain": True},
        limits={"agents": None, "products": None},
        prices=[API_CALLS],
    ),
    PlanInput(
        code="business-aws",
        name="Business on AWS",
        summary="As Business, in a region of AWS. Simulated here: AWS is a simulator,"
        " and the data is on this machine.",
        price=59900,
        currency="EUR",
        isolation=Isolation.SILO,
        cloud="aws",
        regions=["eu-central-1", "eu-west-1", "us-east-1"],
        size="medium",
        retention_days=90,
        features={"support": "by telephone", "own_domain": True},
        limits={"agents": None, "products": None},
    ),
    PlanInput(
        code="more-agents",
        name="Ten more agents",
        summary="For teams that hand over more of their work.",
        kind=PlanKind.ADDON,
        beside=["team"],
        currency="EUR",
        isolation=Isolation.POOLED,
        regions=["local"],
        limits={"agents": 10},
        prices=[MORE_AGENTS],
    ),
)


def seed_plans() -> list[Plan]:
    """Put the plans on sale whose code was never used; return those that are new.

    In the control plane. A second call changes nothing, and a plan that an operator
    retired stays retired.
    """
    known = set(Plan.objects.values_list("code", flat=True))
    missing = [plan for plan in PLANS if plan.code not in known]
    return [perform(CreatePlan, None, plan, actor=SEEDER).result for plan in missing]
