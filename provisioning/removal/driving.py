"""Takes removals from step to step, until something has to be waited for.

1. A removal is looked at when something happened to it (its run or its backup ended,
   an operator let it go on), and by a sweep.
2. Its step does its work or finds it done; then the next one begins.
3. What a step can not do by itself is written on the removal, for an operator.
Two at once do no harm: each step looks first, and of two moves one wins.
"""

from __future__ import annotations

import logging

from django.db.models import Q, QuerySet
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Conflict, IllegalMove, PaybillError
from provisioning.actions import AdvanceRemoval, NoteRemoval
from provisioning.actions.removing import AdvanceRemovalInput
from provisioning.models import Removal
from provisioning.removal.states import RemovalState
from provisioning.removal.steps import STEPS, Finished, Stuck
from provisioning.removal.system import REMOVER

log = logging.getLogger(__name__)


def waiting() -> QuerySet[Removal]:
    """Removals that may have a step to take, those that waited longest first."""
    open_ones = Removal.objects.exclude(state=RemovalState.DONE)
    free = open_ones.filter(held="", trouble="")
    return free.order_by("looked_at", "id")


def concerned(*, run: str = "", backup: str = "") -> QuerySet[Removal]:
    """Open removals that wait for this run or backup, or for its deployment."""
    mine = Q(deployment__runs__public_id=run) if run else Q(backup__public_id=backup)
    return waiting().filter(mine).distinct()


def go_on(removal_id: str) -> str:
    """Take the steps that can be taken now; returns the state it is in then."""
    while True:
        removal = Removal.objects.select_related(
            "tenant__account", "deployment__account", "placement", "backup", "run"
        ).get(public_id=removal_id)
        if removal.state == RemovalState.DONE or removal.held or removal.trouble:
            return str(removal.state)
        Removal.objects.filter(pk=removal.pk).update(looked_at=timezone.now())
        if not _step(removal):
            return str(removal.state)


def _step(removal: Removal) -> bool:
    """One step; False when it has to be waited for."""
    step, following = STEPS[removal.state]
    try:
        done = step(removal)
        if done is not None:
            _move(removal, following, done)
    except (IllegalMove, Conflict) as other:  # somebody else took it, or it is held
        log.info("%s does not move: %s", removal.public_id, other.detail)
        return False
    except PaybillError as error:
        if isinstance(error, Stuck) or error.permanent:
            perform(
                NoteRemoval, removal, {"trouble": error.detail[:2000]}, actor=REMOVER
            )
        else:
            log.info("%s is tried again later: %s", removal.public_id, error.detail)
        return False
    return done is not None


def _move(removal: Removal, to: RemovalState, done: Finished) -> None:
    asked = AdvanceRemovalInput(to=to, detail=done.detail[:2000], notes=done.notes)
    perform(AdvanceRemoval, removal, asked, actor=REMOVER)
