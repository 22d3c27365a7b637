"""States of backups, copies and the jobs that make them; imports nothing of ours."""

from __future__ import annotations

from django.db import models


class JobKind(models.TextChoices):
    BACKUP = "backup", "Back up"
    IN_PLACE = "in_place", "Restore in place"
    COPY = "copy", "Restore as a copy"
    DRILL = "drill", "Restore drill"
    ROTATE = "rotate", "New log-in"
    SLEEP = "sleep", "Put to sleep"
    WAKE = "wake", "Wake"


class JobState(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


JOB_MOVES = {
    JobState.QUEUED: {JobState.RUNNING, JobState.FAILED},
    # Back to queued: its worker died, and another one begins again.
    JobState.RUNNING: {JobState.QUEUED, JobState.DONE, JobState.FAILED},
    JobState.DONE: set[JobState](),
    JobState.FAILED: set[JobState](),
}


class BackupState(models.TextChoices):
    QUEUED = "queued"
    READY = "ready"  # stored, read back and found whole
    FAILED = "failed"
    DELETED = "deleted"  # its time was over; the row stays as the record


BACKUP_MOVES = {
    BackupState.QUEUED: {BackupState.READY, BackupState.FAILED},
    BackupState.READY: {BackupState.DELETED},
    BackupState.FAILED: {BackupState.DELETED},
    BackupState.DELETED: set[BackupState](),
}


class BackupReason(models.TextChoices):
    ASKED = "asked", "somebody asked for it"
    SCHEDULED = "scheduled", "by the schedule"
    FINAL = "final", "the last one before the database goes"


class CopyPurpose(models.TextChoices):
    COPY = "copy", "a restored copy beside the tenant"
    DRILL = "drill", "made to be compared and dropped"
    KEPT = "kept", "what a restore took out of service"


class Notice(models.TextChoices):
    NONE = "", "within its limit"
    NEAR = "near", "80 % of its limit"
    FULL = "full", "over its limit"
