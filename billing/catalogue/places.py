"""Where a tenant is, and whether another plan has it there: no tenant is moved yet."""

from __future__ import annotations

from billing.models import Plan, Subscription


def why_no_place(subscription: Subscription, plan: Plan) -> str:
    """Why a subscription can not have a plan where its tenant is; "" where it can.

    A move that a plan names is one it may offer once tenants can be moved; until then
    it is refused as every other, and said to be so.
    """
    here, old = subscription.isolation, subscription.plan
    if plan.cloud != old.cloud:
        return f"{plan.name} runs on {plan.cloud} and the tenant on {old.cloud}"
    if here in plan.isolations:
        return ""
    move = f"{here}-to-{plan.isolation}"
    said = f"{plan.name} is not sold as {here}, which the tenant is"
    if move in {*old.moves, *plan.moves}:
        return f"{said}; the move to {plan.isolation} is not built yet"
    return f"{said}, and names no move to {plan.isolation}"
