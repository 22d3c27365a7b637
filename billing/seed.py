"""The plans that an embedded installation starts with; an example of a catalogue."""

from __future__ import annotations

from billing.actions.plans import CreatePlan, PlanInput
from billing.models import Plan
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from tenants.states import Isolation

SEEDER = actors.system("seed", "billing.add_plan", "billing.view_plan")

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
)


def seed_plans() -> list[Plan]:
    """Put the plans on sale whose code was never used; return those that are new.

    In the control plane. A second call changes nothing, and a plan that an operator
    retired stays retired.
    """
    known = set(Plan.objects.values_list("code", flat=True))
    missing = [plan for plan in PLANS if plan.code not in known]
    return [perform(CreatePlan, None, plan, actor=SEEDER).result for plan in missing]
