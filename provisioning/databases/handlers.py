"""What follows from events about databases; every handler may run again."""

from __future__ import annotations

from paybill_site.kernel.events import handles
from provisioning.databases import care, tasks
from provisioning.events import DatabaseFull, DatabaseJobEnded, DatabaseJobQueued
from tenants import mails


@handles(DatabaseJobQueued)
def start_database_job(event: DatabaseJobQueued, delivery_id: str) -> None:
    """Wake a worker for a job that waits."""
    tasks.wake(event.job)


@handles(DatabaseJobEnded)
def go_on_with_the_next(event: DatabaseJobEnded, delivery_id: str) -> None:
    """Wake a worker for the tenant's next job, which had to wait for this one."""
    mine = care.waiting().filter(tenant__public_id=event.tenant).first()
    if mine is not None:
        tasks.wake(mine.public_id)


@handles(DatabaseFull)
def mail_full(event: DatabaseFull, delivery_id: str) -> None:
    """Tell the owners that a database comes near its limit, or is over it."""
    mails.to_owners(f"database_{event.notice}", event.tenant, delivery_id)
