"""Which version of a plan holds for whom, by the rows of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from billing import clock
from billing.errors import NotOnSale
from billing.models import Plan
from billing.rating import money, versions
from billing.rating.versions import Version
from billing.states import PlanState

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


def sold(code: str, at: datetime | None = None) -> Plan:
    """The version that is sold under this code at a moment. Raises NotOnSale."""
    plans = _plans(code)
    try:
        return plans[versions.sold(_line(plans), at or clock.now()).number]
    except versions.NotSold as error:
        raise NotOnSale from error


def held_among(plan: Plan, known: Iterable[Plan], at: datetime) -> Plan:
    """The version by which a period is billed that starts at ``at``, for who has one.

    That one, unless a later one says that it is for existing subscriptions too.
    ``known`` are all versions of the plan.
    """
    plans = {version.version: version for version in known}
    if len(plans) == 1:
        return plan
    mine = _version(plans[plan.version])
    return plans[versions.succeeding(mine, _line(plans), at).number]


def _plans(code: str) -> dict[int, Plan]:
    return {plan.version: plan for plan in Plan.objects.filter(code=code)}


def _line(plans: dict[int, Plan]) -> list[Version]:
    """The versions in force one after the other, and when the plan was taken away."""
    found = []
    for plan in plans.values():
        version = _version(plan)
        gone = plan.retired_at
        if gone is not None and gone <= version.effective:
            continue  # taken back before it was ever sold
        found.append(version)
        if gone is not None:
            found.append(Version(gone, None, number=plan.version))
    return found


def _version(plan: Plan) -> Version:
    return Version(
        effective=plan.effective_from or ALWAYS,
        price=money.to_major(plan.price, plan.currency),
        effective_for_existing=plan.effective_for_existing,
        number=plan.version,
    )


def has_begun(plan: Plan, at: datetime) -> bool:
    """Whether a version that waits for its day is sold by now."""
    return plan.state == PlanState.SCHEDULED and (plan.effective_from or ALWAYS) <= at


def currencies_of(plan: Plan) -> set[str]:
    """In which currencies it is sold: each of its prices is said in all of them."""
    return set(plan.prices.values_list("currency", flat=True))
