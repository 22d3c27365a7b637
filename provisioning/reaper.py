"""Takes runs from runners that died, and from nobody else.

1. The lease has ended: the runner did not renew it for a while.
2. On its own host: the runner and its Terraform are gone, or their time is up.
   On another host: a grace is waited for, since nobody can look there.
3. What the folder holds is harvested: a state that could not be saved is kept.
4. ``ReapRun`` raises the fence and decides how the run goes on.
"""

from __future__ import annotations

import logging
import socket
from contextlib import suppress
from datetime import timedelta

from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from provisioning import queue
from provisioning.actions import ReapRun, RescueState
from provisioning.actions.advancing import ReapInput
from provisioning.actions.statefile import RescueInput
from provisioning.models import Run
from provisioning.runner.processes import alive
from provisioning.runner.workdir import WorkDir
from provisioning.system import REAPER

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=60)


def reap() -> int:
    """Deal with every abandoned run; return how many were taken over."""
    return sum(_reap(run) for run in queue.abandoned())


def _reap(run: Run) -> bool:
    if _may_live(run):
        return False
    folder = WorkDir.of(run)
    try:
        rescued = folder.rescued()
        if rescued is not None:
            body = RescueInput(fence=run.fence, body=rescued)
            perform(RescueState, run, body, actor=REAPER)
        perform(ReapRun, run, ReapInput(seen=run.lease_until), actor=REAPER)
    except PaybillError as refusal:  # its runner was quicker
        log.info("%s is not reaped: %s", run.public_id, refusal.detail)
        return False
    if run.holder.startswith(f"{socket.gethostname()} "):
        folder.remove()
    return True


def _may_live(run: Run) -> bool:
    """Whether a process of the run may still be at work."""
    host, _, process = run.holder.partition(" ")
    if host != socket.gethostname():
        return run.lease_until is not None and run.lease_until + GRACE > timezone.now()
    if alive(process):
        return True
    with suppress(FileNotFoundError):
        return alive(WorkDir.of(run).process.read_text())
    return False
