"""Wake-ups for work on databases. A message carries a job's id; the row decides."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from provisioning.databases import care, expiring
from provisioning.databases.work import work

log = logging.getLogger(__name__)

EXPIRES = 30.0  # seconds: the sweep sends them again while the job waits


@shared_task(name="provisioning.database_work")
def database_work(job: str) -> bool:
    """Do one job on a database, if it waits and nothing else of its tenant runs."""
    return work(job)


@shared_task(name="provisioning.database_sweep")
def database_sweep() -> int:
    """Take jobs from dead workers, and wake one for each job that can be done."""
    care.take_back()
    waiting = list(care.waiting().values_list("public_id", flat=True)[:50])
    for job in waiting:
        wake(job)
    return len(waiting)


@shared_task(name="provisioning.database_care")
def database_care() -> None:
    """Backups and drills that are due, what expires, sizes."""
    care.schedule()
    care.drill()
    expiring.expire()
    care.drop_copies()
    care.measure()


def wake(job: str) -> None:
    """Ask a worker of the queue ``care`` to look; without a broker the sweep does."""
    try:
        database_work.apply_async((job,), queue="care", expires=EXPIRES)
    except OperationalError:
        log.warning("no broker: the next sweep finds the job")
