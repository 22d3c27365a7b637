"""A job on a database from its claim to its end, in a worker process.

Each kind of job is a function that does it all again from the start when it is called
again: what a killed worker left is either a transaction that the server rolled back,
an archive under a name that nobody knows, or a plane whose row says when it is dropped.
"""

from __future__ import annotations

import logging
import os
import socket
import traceback
from collections.abc import Callable
from typing import Any

import psycopg

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove, PaybillError
from paybill_site.kernel.logs import said
from provisioning.actions.databasework import (
    ClaimDatabaseJob,
    EndDatabaseJob,
    FinishBackup,
    FinishDatabaseJob,
    NoteArchive,
    NoteCopy,
)
from provisioning.databases import dumping, logins, restoring, settling, storage
from provisioning.databases.errors import JobLost
from provisioning.databases.inplace import put_in_place, reopen
from provisioning.databases.lease import Heartbeat
from provisioning.databases.places import Ground, ground_of
from provisioning.databases.states import CopyPurpose, JobKind
from provisioning.databases.system import WORKER
from provisioning.models import Backup, DatabaseCopy, DatabaseJob
from provisioning.runner.processes import started_at

log = logging.getLogger(__name__)

COPY_DAYS, KEPT_DAYS = 7, 7

type Kind = Callable[[DatabaseJob, Ground, Heartbeat], None]


def holder() -> str:
    """This process, as no other is called: host, pid, start time."""
    return f"{socket.gethostname()} {os.getpid()} {started_at(os.getpid())}"


def work(job_id: str) -> bool:
    """Take up a job and do it; False when it is another's, or has to wait."""
    with said(job=job_id):
        try:
            asked = {"holder": holder()}
            job = perform(ClaimDatabaseJob, job_id, asked, actor=WORKER).result
        except (IllegalMove, JobLost) as taken:
            log.info("not taken up: %s", taken.detail)
            return False
        with Heartbeat(job) as heartbeat:
            _guarded(job, heartbeat)
    return True


def _guarded(job: DatabaseJob, heartbeat: Heartbeat) -> None:
    """Every way a job can end is written on it, except one that was lost."""
    try:
        KINDS[JobKind(job.kind)](job, ground_of(job.placement), heartbeat)
    except JobLost:
        log.warning("the job was lost; another worker has it")
        return
    except PaybillError as refusal:
        _end(job, refusal.detail, again=not refusal.permanent)
    except psycopg.OperationalError as error:
        words = f"The database did not answer: {error}"
        _end(job, words, again=True, trace=traceback.format_exc())
    except Exception as error:
        log.exception("the job broke")
        words = f"Paybill could not finish this ({type(error).__name__})."
        _end(job, words, trace=traceback.format_exc())
    reopen(job)


def _end(job: DatabaseJob, words: str, *, again: bool = False, trace: str = "") -> None:
    ended = {
        "fence": job.fence,
        "explanation": words[:4000],
        "traceback": trace[-60_000:],
        "again": again,
    }
    try:
        if job.kind == JobKind.BACKUP:
            storage.store().delete(dumping.start_of(_backup(job)))
        perform(EndDatabaseJob, job, ended, actor=WORKER)
    except (JobLost, IllegalMove):
        log.warning("the end could not be written: another worker has the job")
    except PaybillError as refusal:
        log.warning("half an archive may be left: %s", refusal.detail)
        perform(EndDatabaseJob, job, ended, actor=WORKER)


def _backup(job: DatabaseJob) -> Backup:
    return Backup.objects.select_related("tenant").get(jobs=job)


def _finish(job: DatabaseJob, **done: Any) -> None:
    perform(FinishDatabaseJob, job, {"fence": job.fence, **done}, actor=WORKER)


# --- The kinds ----------------------------------------------------------------------


def back_up(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    taken = dumping.take(_backup(job), ground, job.fence, heartbeat.tell)
    noted = NoteArchive.Input(
        fence=job.fence,
        location=taken.location,
        size=taken.size,
        sha256=taken.sha256,
        data_key=taken.key,
        manifest=taken.manifest,
    )
    perform(NoteArchive, job, noted, actor=WORKER)
    heartbeat.tell("Reading back")
    dumping.verify(_backup(job))
    perform(FinishBackup, job, {"fence": job.fence}, actor=WORKER)


def restore_copy(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    copy, tables = _beside(job, ground, heartbeat, CopyPurpose.COPY)
    with psycopg.connect(ground.dsn) as connection:
        settling.silence(connection, copy.schema_name)
    rows = {table: found["rows"] for table, found in tables.items()}
    _finish(job, report={"tables": rows}, copy_id=copy.public_id, keep_days=COPY_DAYS)


def drill(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    copy, tables = _beside(job, ground, heartbeat, CopyPurpose.DRILL)
    heartbeat.tell("Dropping")
    # Its row is due at once; the sweep drops what is left if this is cut off.
    restoring.drop(ground.dsn, copy.schema_name)
    rows = {table: found["rows"] for table, found in tables.items()}
    _finish(job, report={"tables": rows, "equal": True}, copy_id=copy.public_id)


def restore_in_place(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    copy, tables = _beside(job, ground, heartbeat, CopyPurpose.KEPT)
    put_in_place(job, ground, copy, heartbeat)
    rows = {table: found["rows"] for table, found in tables.items()}
    _finish(job, report={"tables": rows}, copy_id=copy.public_id, keep_days=KEPT_DAYS)


def _beside(
    job: DatabaseJob, ground: Ground, heartbeat: Heartbeat, purpose: CopyPurpose
) -> tuple[DatabaseCopy, dict[str, Any]]:
    name = restoring.new_name()
    noted = {"fence": job.fence, "schema_name": name, "purpose": purpose.value}
    copy = perform(NoteCopy, job, noted, actor=WORKER).result
    tables = restoring.restore(_backup(job), ground, name, heartbeat.tell)
    return copy, tables


def rotate(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    _finish(job, report=logins.rotate(job.placement, ground, heartbeat))


def sleep(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    logins.close(ground)
    _finish(job)


def wake(job: DatabaseJob, ground: Ground, heartbeat: Heartbeat) -> None:
    logins.open_again(ground)
    _finish(job)


KINDS: dict[JobKind, Kind] = {
    JobKind.BACKUP: back_up,
    JobKind.COPY: restore_copy,
    JobKind.DRILL: drill,
    JobKind.IN_PLACE: restore_in_place,
    JobKind.ROTATE: rotate,
    JobKind.SLEEP: sleep,
    JobKind.WAKE: wake,
}
