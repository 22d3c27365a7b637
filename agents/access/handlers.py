"""The installation's switch reaches every plane, here and on servers of their own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial

from agents.access import switches
from agents.access.switches import Said
from agents.actions.everywhere import AUDIENCE, ME, PUSHED, FollowSwitch
from agents.events import SwitchMoved
from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from paybill_site.kernel.planes import CONTROL, Place
from tenants import entry, pushing
from tenants.events import TenantLive
from tenants.models import Placement, Tenant

log = logging.getLogger(__name__)


@handles(SwitchMoved)
def carry(event: SwitchMoved, delivery_id: str) -> None:
    """Set the switch of every plane as it is in the control plane now.

    One plane that does not answer keeps none of the others waiting; the delivery is
    tried again until all have it.
    """
    _tell(switches.said())


@handles(TenantLive)
def carry_to_new(event: TenantLive, delivery_id: str) -> None:
    """A tenant that opens while all agents are stopped begins with its own stopped."""
    said = switches.said()
    if said["thrown"]:
        _tell(said)


def _tell(said: Said) -> None:
    missed = 0
    for name, tell in _everyone():
        try:
            tell(said)
        except Exception:
            log.exception("the switch did not reach %s", name)
            missed += 1
    if missed:
        raise RuntimeError(f"the switch did not reach {missed} planes")


def _everyone() -> Iterator[tuple[str, Callable[[Said], None]]]:
    for place in planes.every_place():
        if place.schema != CONTROL.schema:
            yield str(place), partial(_set, place)
    for tenant, silo in pushing.silos():
        yield silo.base_url, partial(_push, tenant, silo)


def _set(place: Place, said: Said) -> None:
    with planes.plane(place):
        perform(FollowSwitch, None, said, actor=ME)


def _push(tenant: Tenant, silo: Placement, said: Said) -> None:
    pushing.push(silo, PUSHED, entry.word(tenant, AUDIENCE, **said))
