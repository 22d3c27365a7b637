"""Putting plans on sale and taking them off: what the actions of the catalogue share.

Only inside an action. A plan is never edited: a new version takes its place.
"""

from __future__ import annotations

from typing import Any

from billing import clock, machines
from billing.catalogue.errors import PastForExisting
from billing.catalogue.terms import PlanInput, PriceInput
from billing.models import Plan, Price
from billing.models.prices import CARD, PHASES
from billing.states import PlanState


def put_on_sale(terms: PlanInput) -> Plan:
    """Sell a plan as a new version, at once or from the moment that it says.

    Who has an earlier version keeps it. One that still waits for its day is replaced.
    Raises PastForExisting.
    """
    rows = Plan.objects.select_for_update(no_key=True).filter(code=terms.code)
    earlier = list(rows.order_by("-version"))
    now, since = clock.now(), terms.effective_from
    if earlier:
        since = now if since is None else max(since, now)
        if terms.effective_for_existing and terms.effective_for_existing < now:
            raise PastForExisting(code=terms.code)
    waits = since is not None and since > now
    for plan in earlier:
        replaced = plan.state == PlanState.ON_SALE and not waits
        if replaced or plan.state == PlanState.SCHEDULED:
            _replace(plan)
    plan = Plan.objects.create(
        **columns(terms),
        version=earlier[0].version + 1 if earlier else 1,
        effective_from=since,
        effective_for_existing=terms.effective_for_existing,
        state=PlanState.SCHEDULED if waits else PlanState.ON_SALE,
    )
    Price.objects.bulk_create(
        Price(plan=plan, position=number, **price_columns(price))
        for number, price in enumerate(terms.all_prices)
    )
    return plan


def retire(plan: Plan, *, reason: str = "") -> None:
    """Take a plan off sale from now on. Raises IllegalMove."""
    machines.plans.move(plan, PlanState.RETIRED, reason=reason)
    plan.retired_at = clock.now()
    plan.save(update_fields=["retired_at"])


def begin(plan: Plan) -> None:
    """Sell a version whose day has come, in place of the one before it."""
    for present in Plan.objects.filter(code=plan.code, state=PlanState.ON_SALE):
        machines.plans.move(present, PlanState.RETIRED, reason="a new version")
    machines.plans.move(plan, PlanState.ON_SALE, reason="its day has come")


def _replace(plan: Plan) -> None:
    """Make room for a later version; what was never sold was never there."""
    if plan.state == PlanState.SCHEDULED:
        plan.retired_at = plan.effective_from
        plan.save(update_fields=["retired_at"])
    machines.plans.move(plan, PlanState.RETIRED, reason="a new version")


def columns(terms: PlanInput) -> dict[str, Any]:
    """What a plan says of itself, as its row keeps it."""
    kept = terms.model_dump(
        mode="json",
        exclude={"price", "prices", "effective_from", "effective_for_existing"},
    )
    return {
        **kept,
        "price": terms.first_price,
        "isolations": kept["isolations"] or [kept["isolation"]],
        "sizes": kept["sizes"] or [kept["size"]],
    }


def price_columns(price: PriceInput) -> dict[str, Any]:
    """What a price says, as its row keeps it."""
    return {
        "code": price.code,
        "name": price.name,
        "kind": price.kind,
        "currency": price.currency,
        "card": CARD.dump_python(price.lasting, mode="json"),
        "phases": PHASES.dump_python(tuple(price.phases), mode="json"),
        "timing": price.timing,
        "interval": price.interval,
        "interval_count": price.interval_count,
        "meter": price.meter or "",
        "tax_class": price.tax_class,
        "tax_included": price.tax_included,
    }
