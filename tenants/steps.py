"""This room's steps on the way to a live tenant."""

from __future__ import annotations

from tenants.actions.places import taken
from tenants.journey import Step, StepState, step_source
from tenants.models import Tenant
from tenants.states import TenantState

OPENED = {TenantState.LIVE, TenantState.SUSPENDED}


@step_source(30)
def place_and_door(tenant: Tenant) -> list[Step]:
    """A place, then the licence and the open door."""
    placement = taken(tenant)
    paid = getattr(tenant, "entitlement", None) is not None
    live = tenant.state in OPENED
    claimed = placement.claimed_at if placement else None
    return [
        Step(
            name="Get a place of its own",
            state=_state(done=placement is not None or live, begun=paid),
            finished=claimed,
        ),
        Step(
            name="Open the doors",
            state=_state(done=live, begun=placement is not None),
            started=claimed,
            finished=tenant.live_at if live else None,
        ),
    ]


def _state(*, done: bool, begun: bool) -> StepState:
    if done:
        return StepState.DONE
    return StepState.ACTIVE if begun else StepState.WAITING
