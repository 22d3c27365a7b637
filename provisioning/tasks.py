"""Wake-ups for runs. A message carries the id of a run; the table decides what runs."""

from __future__ import annotations

import logging
import subprocess
import sys

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from provisioning import expiry, queue, reaper
from provisioning.models import Run
from provisioning.states import Operation

log = logging.getLogger(__name__)

# Seconds: the sweep sends them again while the run waits, so old ones say nothing.
EXPIRES = 30.0


@shared_task(name="provisioning.work")
def work(run: str, *, looks: bool = False) -> str:
    """Start a runner for the next run, or look, that waits; stay until it is done.

    That may be another run than the one that sent the message. The runner is a
    process in a session of its own: when this worker dies, it goes on.
    """
    reaper.reap()  # here, where the folders are: the sweep may be on another host
    reserved = queue.reserve(looks=looks)
    if reserved is None:
        return ""
    waiting, reservation = reserved
    log.info("starting a runner for %s, woken for %s", waiting, run)
    manage = str(settings.BASE_DIR / "manage.py")
    with subprocess.Popen(
        [
            sys.executable,
            manage,
            "run_deployment",
            waiting,
            "--reservation",
            reservation,
        ],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as runner:
        runner.wait()
    # One that waited for room in an account, for one.
    following = queue.claimable(looks=looks).first()
    if following is not None:
        wake(following.public_id)
    return waiting


@shared_task(name="provisioning.sweep")
def sweep() -> int:
    """Take runs from dead runners, and wake a worker for each run that waits."""
    reaper.reap()
    expiry.withdraw()
    waiting = list(queue.claimable().values_list("public_id", flat=True)[:50])
    for run in waiting:
        wake(run)
    return len(waiting)


@shared_task(name="provisioning.sweep_host")
def sweep_host() -> None:
    """Take what runners left on this host; each is told, also an idle one."""
    reaper.reap()


def wake(run: str) -> None:
    """Ask a worker to look what waits; without a broker the sweep does.

    Those of the queue ``runs`` take what builds, those of ``care`` what only looks.
    """
    looks = Run.objects.filter(public_id=run, operation=Operation.REFRESH).exists()
    among = "care" if looks else "runs"
    try:
        work.apply_async((run,), {"looks": looks}, queue=among, expires=EXPIRES)
    except OperationalError:
        log.warning("no broker: the next sweep finds the run")
