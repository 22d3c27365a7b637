"""What comes before a tenant is let in, registered by the room that does it."""

from __future__ import annotations

from collections.abc import Callable

from tenants.models import Tenant

type Step = Callable[[Tenant, str], None]
type Hold = Callable[[Tenant], bool]
_steps: list[Step] = []
_holds: list[Hold] = []


def before(function: Step) -> Step:
    """Register ``function(tenant, delivery_id)``; if it raises, nobody is let in."""
    _steps.append(function)
    return function


def prepare(tenant: Tenant, delivery_id: str) -> None:
    """Do everything that comes before; may be repeated."""
    for step in _steps:
        step(tenant, delivery_id)


def wait_while(function: Hold) -> Hold:
    """Register ``function(tenant)``; while it is true a closed tenant stays closed.

    Who registers it opens the tenant once it is not true any more.
    """
    _holds.append(function)
    return function


def has_to_wait(tenant: Tenant) -> bool:
    """Whether something has to be ready before a closed tenant is opened again."""
    return any(hold(tenant) for hold in _holds)
