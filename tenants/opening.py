"""What comes before a tenant is let in, registered by the room that does it."""

from __future__ import annotations

from collections.abc import Callable

from tenants.models import Tenant

type Step = Callable[[Tenant, str], None]
_steps: list[Step] = []


def before(function: Step) -> Step:
    """Register ``function(tenant, delivery_id)``; if it raises, nobody is let in."""
    _steps.append(function)
    return function


def prepare(tenant: Tenant, delivery_id: str) -> None:
    """Do everything that comes before; may be repeated."""
    for step in _steps:
        step(tenant, delivery_id)
