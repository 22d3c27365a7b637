"""What the worker does to jobs on databases. Every step shows the fence it holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import redact
from paybill_site.kernel.errors import IllegalMove
from provisioning.actions.backups import kept_for
from provisioning.databases.errors import JobLost
from provisioning.databases.machines import BACKUP, JOB
from provisioning.databases.states import (
    BackupState,
    CopyPurpose,
    JobKind,
    JobState,
)
from provisioning.events import BackupFinished, DatabaseJobEnded, DatabaseJobQueued
from provisioning.models import Backup, Database, DatabaseCopy, DatabaseJob
from tenants import entitlements

LEASE = timedelta(seconds=60)
ATTEMPTS = 3  # of jobs whose worker died, or that something kept from their work
SCRATCH = timedelta(hours=1)


class ClaimJobInput(Input):
    holder: str = Field(max_length=120)


class ClaimDatabaseJob(Action[DatabaseJob, ClaimJobInput, DatabaseJob]):
    """Take up a job; of one tenant only one is worked on at a time."""

    model = DatabaseJob
    Input = ClaimJobInput
    permission = "provisioning.advance_databasejob"

    def run(
        self, target: DatabaseJob, data: ClaimJobInput, *, actor: Actor
    ) -> DatabaseJob:
        if target.state != JobState.QUEUED:
            raise IllegalMove(f"job is {target.state}; no worker can take it up")
        running = DatabaseJob.objects.filter(
            tenant=target.tenant_id, state=JobState.RUNNING
        ).first()
        if running is not None:
            raise JobLost(f"{running} of this tenant is running")
        JOB.move(target, JobState.RUNNING)
        target.fence += 1
        target.attempt += 1
        target.holder, target.lease_until = data.holder, timezone.now() + LEASE
        target.started_at = target.started_at or timezone.now()
        target.progress = {}
        target.save()
        return target


class HeldJobInput(Input):
    """Shown by every step of a worker: the number that it got with the lease."""

    fence: int = Field(ge=0, le=2**62)


def check_held(job: DatabaseJob, fence: int) -> None:
    """Raise JobLost unless ``fence`` is the newest and the job is being worked on."""
    if job.state != JobState.RUNNING or job.fence != fence:
        raise JobLost


class FinishBackupInput(HeldJobInput):
    location: str = Field(max_length=200)
    size: int = Field(ge=0, le=2**62)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    data_key: bytes = Field(
        max_length=64, json_schema_extra={"sensitive": True}, repr=False
    )
    manifest: dict[str, Any]


class NoteArchive(Action[DatabaseJob, FinishBackupInput, DatabaseJob]):
    """Note where a backup's archive is stored; it is not verified yet."""

    model = DatabaseJob
    Input = FinishBackupInput
    permission = "provisioning.advance_databasejob"

    def run(
        self, target: DatabaseJob, data: FinishBackupInput, *, actor: Actor
    ) -> DatabaseJob:
        check_held(target, data.fence)
        backup = _backup_of(target)
        for name in ("location", "size", "sha256", "data_key", "manifest"):
            setattr(backup, name, getattr(data, name))
        backup.taken_at = datetime.fromisoformat(data.manifest["taken_at"])
        backup.save()
        return target


class FinishBackup(Action[DatabaseJob, HeldJobInput, DatabaseJob]):
    """Note that a backup's archive was read back and found whole."""

    model = DatabaseJob
    Input = HeldJobInput
    permission = "provisioning.advance_databasejob"

    def run(
        self, target: DatabaseJob, data: HeldJobInput, *, actor: Actor
    ) -> DatabaseJob:
        check_held(target, data.fence)
        backup = _backup_of(target)
        BACKUP.move(backup, BackupState.READY)
        backup.verified_at = timezone.now()
        backup.expires_at = backup.verified_at + kept_for(backup.tenant)
        backup.save(update_fields=["verified_at", "expires_at"])
        _say_backup(backup)
        _end(target, JobState.DONE)
        return target


class NoteCopyInput(HeldJobInput):
    schema_name: str = Field(pattern=r"^r_[a-z0-9]{16}$")
    purpose: CopyPurpose


class NoteCopy(Action[DatabaseJob, NoteCopyInput, DatabaseCopy]):
    """Write down the name of a plane before it is made, so that none is forgotten."""

    model = DatabaseJob
    Input = NoteCopyInput
    permission = "provisioning.advance_databasejob"

    def run(
        self, target: DatabaseJob, data: NoteCopyInput, *, actor: Actor
    ) -> DatabaseCopy:
        check_held(target, data.fence)
        return DatabaseCopy.objects.create(
            tenant=target.tenant,
            placement=target.placement,
            backup=target.backup,
            purpose=data.purpose,
            schema_name=data.schema_name,
            expires_at=timezone.now() + SCRATCH,
        )


class FinishJobInput(HeldJobInput):
    report: dict[str, Any] = Field(default_factory=dict)
    # The plane beside the tenant's that the job leaves, what it is, for how long.
    copy_id: str = Field(default="", max_length=40)
    keep_days: int = Field(default=0, ge=0, le=365)


class FinishDatabaseJob(Action[DatabaseJob, FinishJobInput, DatabaseJob]):
    """Write down what a job on a database has done."""

    model = DatabaseJob
    Input = FinishJobInput
    permission = "provisioning.advance_databasejob"

    def run(
        self, target: DatabaseJob, data: FinishJobInput, *, actor: Actor
    ) -> DatabaseJob:
        check_held(target, data.fence)
        target.report = {**target.report, **data.report}
        now = timezone.now()
        DatabaseCopy.objects.filter(public_id=data.copy_id).update(
            made_at=now,
            tables=data.report.get("tables", {}),
            expires_at=now + timedelta(days=data.keep_days),
        )
        self._note(target)
        _end(target, JobState.DONE)
        return target

    def _note(self, job: DatabaseJob) -> None:
        now = timezone.now()
        known: dict[str, dict[str, Any]] = {
            JobKind.DRILL: {"drilled_at": now},
            JobKind.ROTATE: {"rotated_at": now},
            JobKind.SLEEP: {"asleep": True},
            JobKind.WAKE: {"asleep": False},
        }
        changed = known.get(job.kind)
        if changed:
            Database.objects.update_or_create(placement=job.placement, defaults=changed)
        if job.kind == JobKind.IN_PLACE:
            # The licence that came back with the data is an old one.
            entitlements.renew(job.tenant)


class EndJobInput(HeldJobInput):
    explanation: str = Field(max_length=4000)
    traceback: str = Field(default="", max_length=60_000)
    again: bool = False


class EndDatabaseJob(Action[DatabaseJob, EndJobInput, DatabaseJob]):
    """End a job that did not work out, or put it back in the queue for another try."""

    model = DatabaseJob
    Input = EndJobInput
    permission = "provisioning.advance_databasejob"

    def run(
        self, target: DatabaseJob, data: EndJobInput, *, actor: Actor
    ) -> DatabaseJob:
        check_held(target, data.fence)
        target.explanation = redact(data.explanation)
        target.traceback = redact(data.traceback)
        if data.again and target.attempt < ATTEMPTS:
            JOB.move(target, JobState.QUEUED, reason=target.explanation[:500])
            target.holder, target.lease_until = "", None
            target.save()
            told = {"tenant": target.tenant.public_id, "job": target.public_id}
            events.emit(DatabaseJobQueued(**told))
            return target
        if target.kind == JobKind.BACKUP:
            backup = _backup_of(target)
            BACKUP.move(backup, BackupState.FAILED, reason=target.explanation[:500])
            backup.explanation = target.explanation
            backup.save(update_fields=["explanation"])
            _say_backup(backup)
        _end(target, JobState.FAILED)
        return target


def _backup_of(job: DatabaseJob) -> Backup:
    return Backup.objects.select_related("tenant").get(jobs=job)


def _say_backup(backup: Backup) -> None:
    events.emit(
        BackupFinished(
            tenant=backup.tenant.public_id,
            backup=backup.public_id,
            reason=backup.reason,
            state=backup.state,
        )
    )


def _end(job: DatabaseJob, state: JobState) -> None:
    JOB.move(job, state, reason=job.explanation[:500])
    job.ended_at, job.lease_until = timezone.now(), None
    job.save()
    events.emit(
        DatabaseJobEnded(
            tenant=job.tenant.public_id,
            job=job.public_id,
            kind=job.kind,
            state=job.state,
        )
    )
