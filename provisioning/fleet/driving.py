"""Takes a rollout on: settles what ended, pauses over the budget, begins what is next.

1. Each deployment whose run ended is settled.
2. More failures than the budget allows: it pauses, and says so. Nothing open: done.
3. The wave that is open takes as many deployments as may be upgraded at once, those
   whose maintenance window is open. The next wave begins when this one has ended.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Conflict, IllegalMove, PaybillError
from provisioning import attempts, windows
from provisioning.actions import (
    BeginUpgrade,
    LeaveUpgrade,
    SettleRollout,
    SettleUpgrade,
)
from provisioning.errors import RunActive
from provisioning.fleet.states import ItemState, RolloutState
from provisioning.fleet.system import FLEET
from provisioning.models import Deployment, Rollout, RolloutItem
from provisioning.states import ACTIVE, DeploymentState

log = logging.getLogger(__name__)

UNSETTLED = (ItemState.WAITING, ItemState.RUNNING)


def open_ones() -> QuerySet[Rollout]:
    """Rollouts in which something may have to be settled or begun."""
    running = Rollout.objects.filter(items__state=ItemState.RUNNING)
    return (running | Rollout.objects.filter(state=RolloutState.RUNNING)).distinct()


def go_on(rollout_id: str, now: datetime | None = None) -> str:
    """Take a rollout as far as it goes now; returns its state."""
    rollout = Rollout.objects.get(public_id=rollout_id)
    for item in _items(rollout, ItemState.RUNNING):
        _settle(item)
    if rollout.state == RolloutState.RUNNING:
        _judge(rollout)
    rollout.refresh_from_db()
    if rollout.state == RolloutState.RUNNING:
        _begin(rollout, now or timezone.now())
    rollout.refresh_from_db()
    return rollout.state


def _settle(item: RolloutItem) -> None:
    run = attempts.newest(item.run) if item.run else None
    if run is not None and (run.pk != item.run_id or run.state not in ACTIVE):
        perform(SettleUpgrade, item, actor=FLEET)


def _judge(rollout: Rollout) -> None:
    failed = rollout.items.filter(state=ItemState.FAILED).count()
    if failed > rollout.budget:
        said = f"{failed} failed, and {rollout.budget} may"
        _end(rollout, RolloutState.PAUSED, said)
    elif not rollout.items.filter(state__in=UNSETTLED).exists():
        _end(rollout, RolloutState.DONE, "")


def _end(rollout: Rollout, state: RolloutState, said: str) -> None:
    asked = {"state": state.value, "explanation": said}
    perform(SettleRollout, rollout, asked, actor=FLEET)


def _begin(rollout: Rollout, now: datetime) -> None:
    open_items = rollout.items.filter(state__in=UNSETTLED).order_by("wave")
    first = open_items.first()
    if first is None:
        return
    free = rollout.at_once - rollout.items.filter(state=ItemState.RUNNING).count()
    for item in _items(rollout, ItemState.WAITING).filter(wave=first.wave):
        if free <= 0:
            return
        if windows.is_open(windows.of(item.deployment.window), now):
            free -= _began(item)


def _began(item: RolloutItem) -> bool:
    """Begin one; what can not be upgraded is left with the reason."""
    deployment: Deployment = item.deployment
    if deployment.state in {DeploymentState.GONE, DeploymentState.DESTROYING}:
        return _leave(item, f"the deployment is {deployment.state}")
    try:
        perform(BeginUpgrade, item, actor=FLEET)
    except (RunActive, IllegalMove, Conflict) as wait:  # worked on, or no room left
        log.info("%s waits: %s", item, wait.detail)
        return False
    except PaybillError as refusal:
        if refusal.permanent:
            return _leave(item, refusal.detail)
        log.info("%s is tried again later: %s", item, refusal.detail)
        return False
    return True


def _leave(item: RolloutItem, why: str) -> bool:
    perform(LeaveUpgrade, item, {"why": why[:2000]}, actor=FLEET)
    return False


def _items(rollout: Rollout, state: ItemState) -> QuerySet[RolloutItem]:
    found = rollout.items.filter(state=state)
    return found.select_related("deployment__tenant", "run")
