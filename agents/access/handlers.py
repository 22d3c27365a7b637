"""The installation's switch reaches every plane."""

from __future__ import annotations

import logging

from agents.access import switches
from agents.actions.everywhere import FollowSwitch
from agents.events import SwitchMoved
from agents.models import Switch
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from paybill_site.kernel.planes import CONTROL

ME = actors.system("agents.switch", "agents.follow_switch")

log = logging.getLogger(__name__)


@handles(SwitchMoved)
def carry(event: SwitchMoved, delivery_id: str) -> None:
    """Set the switch of every plane as it is in the control plane now.

    One plane that does not answer keeps none of the others waiting; the delivery is
    tried again until all have it.
    """
    found = Switch.objects.filter(name=switches.EVERYWHERE).first()
    data = {"thrown": found is not None, "reason": found.reason if found else ""}
    missed = 0
    for place in planes.every_place():
        if place.schema == CONTROL.schema:
            continue
        try:
            with planes.plane(place):
                perform(FollowSwitch, None, data, actor=ME)
        except Exception:
            log.exception("the switch did not reach %s", place)
            missed += 1
    if missed:
        raise RuntimeError(f"the switch did not reach {missed} planes")
