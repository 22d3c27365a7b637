"""Wake-ups for runs. A message carries the id of a run; the table decides what runs."""

from __future__ import annotations

import logging
import subprocess
import sys

from celery import shared_task
from django.conf import settings
from kombu.exceptions import OperationalError

from provisioning import queue, reaper

log = logging.getLogger(__name__)


ANOTHERS = 75  # exit status of a runner whose run was taken by another one


@shared_task(name="provisioning.work")
def work(run: str) -> str:
    """Start a runner for the next run that waits, and stay until it is done.

    That may be another run than the one that sent the message. The runner is a
    process in a session of its own: when this worker dies, it goes on.
    """
    for waiting in queue.claimable().values_list("public_id", flat=True)[:20]:
        log.info("starting a runner for %s, woken for %s", waiting, run)
        if _run(waiting) != ANOTHERS:
            return waiting
    return ""


def _run(run: str) -> int:
    manage = str(settings.BASE_DIR / "manage.py")
    with subprocess.Popen(
        [sys.executable, manage, "run_deployment", run],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    ) as runner:
        return runner.wait()


@shared_task(name="provisioning.sweep")
def sweep() -> int:
    """Take runs from dead runners, and wake a worker for each run that waits."""
    reaper.reap()
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
