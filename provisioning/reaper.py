"""Takes runs from runners that died, and from nobody else.

1. The lease has ended, and that was noted: so the database is there, and a runner that
   lives has had its chance to say so.
2. On its own host: the runner, its Terraform and the plugins are gone. Plugins that
   outlive their Terraform are given the grace and then killed.
   On another host: the grace is waited for, since nobody can look there.
3. What the folder holds is harvested: a state that could not be saved is kept.
4. ``ReapRun`` raises the fence and decides how the run goes on.
5. Before it is planned again what exists is compared with the state (``recovery``).

While the database is away nothing of this happens.
"""

from __future__ import annotations

import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from provisioning import queue, recovery
from provisioning.actions import MissRun, ReapRun
from provisioning.actions.reaping import MissInput, ReapInput
from provisioning.models import Run
from provisioning.recovery import GRACE
from provisioning.runner import harvest, remains
from provisioning.runner.lease import holder, host
from provisioning.runner.processes import alive
from provisioning.runner.workdir import WorkDir
from provisioning.states import FINAL, RunState
from provisioning.system import REAPER

log = logging.getLogger(__name__)


def reap() -> int:
    """Deal with every abandoned run; return how many were taken over."""
    taken = sum(_reap(run) for run in queue.abandoned())
    clear()
    recovery.recover()
    return taken


def _reap(run: Run) -> bool:
    try:
        if run.missed_at is None:
            seen = MissInput(seen=run.lease_until)
            run = perform(MissRun, run, seen, actor=REAPER).result
        if _may_live(run):
            return False
        if _is_here(run):
            harvest.take(run, REAPER)
        perform(ReapRun, run, ReapInput(seen=run.lease_until), actor=REAPER)
    except PaybillError as refusal:  # its runner was quicker
        log.info("%s is not reaped: %s", run.public_id, refusal.detail)
        return False
    except OSError:  # a folder that can not be read does not hold the others up
        log.exception("%s is not reaped", run.public_id)
        return False
    if _is_here(run):
        WorkDir.of(run).remove()
    return True


def _is_here(run: Run) -> bool:
    return run.holder.startswith(f"{host()} ")


def _may_live(run: Run) -> bool:
    """Whether a process of the run may still be at work."""
    missed = run.missed_at or timezone.now()
    patient = missed + GRACE > timezone.now()
    if not _is_here(run):
        return patient
    folder = WorkDir.of(run)
    if alive(run.holder.partition(" ")[2]) or _terraform_lives(folder):
        return True
    if not remains.living(folder.path):
        return False
    if not patient:  # they serve nobody any more
        remains.end(folder.path)
    return patient


def _terraform_lives(folder: WorkDir) -> bool:
    with suppress(FileNotFoundError):
        return alive(folder.process.read_text())
    return False


def clear() -> None:
    """End what runs that are over left on this host, and take what they could not save.

    A run that was canceled by force has no runner any more that would kill its
    Terraform, if that runner died before.
    """
    folders = Path(settings.PAYBILL_LOCAL) / "runs"
    names = [path.name for path in folders.iterdir()] if folders.exists() else []
    for run in Run.objects.filter(public_id__in=names, state__in=FINAL):
        folder = WorkDir.of(run)
        if run.holder and (not _is_here(run) or _runner_lives(run)):
            continue
        if run.state == RunState.FORCE_CANCELED or not _terraform_lives(folder):
            _clear(run, folder)


def _runner_lives(run: Run) -> bool:
    """Whether it does; one that was shut out by force and hangs is killed."""
    if not alive(run.holder.partition(" ")[2]):
        return False
    ended = run.ended_at or timezone.now()
    shut_out = run.state == RunState.FORCE_CANCELED and run.holder != holder()
    if shut_out and ended + GRACE < timezone.now():
        log.warning("%s: its runner hangs and is killed", run.public_id)
        with suppress(ProcessLookupError):
            os.kill(int(run.holder.split(" ")[1]), signal.SIGKILL)
    return True


def _clear(run: Run, folder: WorkDir) -> None:
    """What can not be taken yet stays in its folder; the next sweep tries again."""
    remains.end(folder.path)
    try:
        harvest.take(run, REAPER)
    except (PaybillError, OSError):
        log.exception("what %s left is not taken yet", run.public_id)
    else:
        folder.remove()
