"""Wake-ups for runs. A message carries the id of a run; the table decides what runs."""

from __future__ import annotations

import logging
import subprocess
import sys

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from provisioning import expiry, queue, reaper

log = logging.getLogger(__name__)


@shared_task(name="provisioning.work")
def work(run: str) -> str:
    """Start a runner for the next run that waits, and stay until it is done.

    That may be another run than the one that sent the message. The runner is a
    process in a session of its own: when this worker dies, it goes on.
    """
    reaper.reap()  # here, where the folders are: the sweep may be on another host
    reserved = queue.reserve()
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
    following = queue.claimable().first()  # it may have waited for room in an account
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


def wake(run: str) -> None:
    """Ask a worker of the queue ``runs`` to look; without a broker the sweep does."""
    try:
        work.apply_async((run,), queue="runs")
    except OperationalError:
        log.warning("no broker: the next sweep finds the run")
