"""Backups of tenants' databases, what is restored from them, and the work on both."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.crypto import EncryptedBytes
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from provisioning.databases.states import (
    BackupReason,
    BackupState,
    CopyPurpose,
    JobKind,
    JobState,
    Notice,
)
from tenants.models import Placement, Tenant


class Backup(models.Model):
    """One encrypted archive of a tenant's plane, with the sums of its tables.

    The row outlives the archive: it is the record of what was kept and until when.
    """

    account_path = "tenant__account"

    public_id = PublicId("bak")
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="backups")
    placement = models.ForeignKey(
        Placement, on_delete=models.PROTECT, related_name="backups"
    )
    state = models.CharField(
        max_length=10, choices=BackupState.choices, default=BackupState.QUEUED
    )
    reason = models.CharField(max_length=10, choices=BackupReason.choices)
    trigger = models.CharField(
        max_length=100,
        unique=True,
        help_text="what asked for it; asked again, same backup",
    )
    requested_by = models.CharField(max_length=80, blank=True)
    location = models.CharField(
        max_length=200, blank=True, help_text="key in the store of backups"
    )
    size = models.BigIntegerField(default=0, help_text="bytes as stored")
    sha256 = models.CharField(max_length=64, blank=True, help_text="of what is stored")
    data_key = EncryptedBytes(blank=True, default=b"", help_text="opens the archive")
    manifest = models.JSONField(
        default=dict, blank=True, help_text="version of the schema; rows, sum per table"
    )
    explanation = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField(null=True, blank=True, help_text="its snapshot")
    verified_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("request_backup", "Can ask for a backup"),
            ("restore_backup", "Can restore a backup in place of what is there"),
            ("copy_backup", "Can restore a backup as a copy"),
            ("drill_backup", "Can try a backup out"),
            ("expire_backup", "Can note that a backup was deleted (the sweep)"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state="ready"),
                name="backup_expiring",
            ),
        ]

    def __str__(self) -> str:
        return f"backup {self.public_id}"


class DatabaseJob(models.Model):
    """Work on one tenant's database: asked for, taken up under a lease, reported.

    ``fence`` rises whenever a worker takes it up; who shows a lower one has lost it.
    """

    account_path = "tenant__account"

    public_id = PublicId("dbj")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="database_jobs"
    )
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=JobKind.choices)
    state = models.CharField(
        max_length=10, choices=JobState.choices, default=JobState.QUEUED
    )
    backup = models.ForeignKey(
        Backup,
        null=True,
        on_delete=models.PROTECT,
        related_name="jobs",
        help_text="that it makes, or reads",
    )
    attempt = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=dict, blank=True)
    explanation = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    requested_by = models.CharField(max_length=80, blank=True)
    holder = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.BigIntegerField(default=0)
    queued_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("advance_databasejob", "Can work on a database (the worker)"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(state="running"),
                name="one_job_at_a_time_per_tenant",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"],
                condition=models.Q(state__in=["queued", "running"]),
                name="databasejob_active",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.public_id}"


class DatabaseCopy(models.Model):
    """A plane beside a tenant's own: a copy, a drill's scratch, or what was replaced.

    The row is written before the schema is made and stays when it is dropped.
    """

    account_path = "tenant__account"

    public_id = PublicId("dbc")
    tenant = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, related_name="database_copies"
    )
    placement = models.ForeignKey(Placement, on_delete=models.PROTECT, related_name="+")
    backup = models.ForeignKey(
        Backup, null=True, on_delete=models.PROTECT, related_name="copies"
    )
    purpose = models.CharField(max_length=10, choices=CopyPurpose.choices)
    schema_name = models.CharField(max_length=57, unique=True)
    tables = models.JSONField(default=dict, blank=True, help_text="rows per table")
    made_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(help_text="when it is dropped")
    dropped_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "database copies"
        permissions = [("drop_databasecopy", "Can drop a copy of a database")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.public_id}"


class Database(models.Model):
    """What is known of the database behind a placement: size, limits, log-in.

    Measured by a sweep, so a figure is as old as ``measured_at`` says.
    """

    account_path = "placement__tenant__account"

    public_id = PublicId("dbs")
    placement = models.OneToOneField(
        Placement, on_delete=models.PROTECT, related_name="database"
    )
    size = models.BigIntegerField(default=0, help_text="bytes")
    size_limit = models.BigIntegerField(null=True, blank=True, help_text="bytes")
    connection_limit = models.PositiveIntegerField(null=True, blank=True)
    notice = models.CharField(
        max_length=5, choices=Notice.choices, default=Notice.NONE, blank=True
    )
    full_since = models.DateTimeField(null=True, blank=True)
    asleep = models.BooleanField(default=False, help_text="nobody can connect to it")
    measured_at = models.DateTimeField(null=True, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    drilled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("rotate_database", "Can give a database a new log-in"),
            ("sleep_database", "Can put a database to sleep and wake it"),
            ("measure_database", "Can note the size of a database (the sweep)"),
        ]

    def __str__(self) -> str:
        return f"database of {self.placement}"

    @property
    def tenant(self) -> Tenant | None:
        """The tenant whose audit chain its entries are in."""
        tenant: Tenant | None = self.placement.tenant
        return tenant
