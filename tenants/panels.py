"""What other rooms put onto the portal's pages about a tenant.

A room that lies above this one registers a source for a panel by name; without one
the page shows the panel empty. Sources filter by the actor, as every read does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from paybill_site.kernel.actors import Actor
from tenants.models import Tenant

# invoices: list of {number, state, total, currency, issued_at, url};
# plan_name: text; plan_url: where the plan is seen and changed, or "";
# suspension: {reason, since, next_action, url, action} or None.
# removals: list of {state, step, since, kept_until, record (address or "")}.
type Panel = Literal["invoices", "plan_name", "plan_url", "removals", "suspension"]
type Source = Callable[[Tenant, Actor], Any]
_sources: dict[str, Source] = {}


def panel(name: Panel) -> Callable[[Source], Source]:
    """Register the source of a panel."""

    def note(function: Source) -> Source:
        _sources[name] = function
        return function

    return note


def shown(name: Panel, tenant: Tenant, actor: Actor, default: Any) -> Any:
    """What the panel's source says, or the default."""
    source = _sources.get(name)
    return source(tenant, actor) if source else default
