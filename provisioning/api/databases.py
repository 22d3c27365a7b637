"""REST: backups, work on databases, copies, sizes."""

from __future__ import annotations

from rest_framework import serializers

from paybill_site.kernel.rest import Row, Things, action_path, things
from provisioning import actions
from provisioning.models import Backup, Database, DatabaseCopy, DatabaseJob


class BackupSerializer(Row[Backup]):
    class Meta:
        model = Backup
        fields = (
            "id",
            "tenant",
            "state",
            "reason",
            "size",
            "sha256",
            "manifest",
            "explanation",
            "created_at",
            "taken_at",
            "verified_at",
            "expires_at",
            "deleted_at",
        )


class Backups(Things):
    """What is kept of a tenant's data: encrypted, verified, with sums per table."""

    queryset = Backup.objects.select_related("tenant")
    serializer_class = BackupSerializer


class DatabaseJobSerializer(Row[DatabaseJob]):
    class Meta:
        model = DatabaseJob
        fields = (
            "id",
            "tenant",
            "kind",
            "state",
            "backup",
            "attempt",
            "progress",
            "report",
            "explanation",
            "queued_at",
            "started_at",
            "ended_at",
        )


class DatabaseJobs(Things):
    """Work on tenants' databases."""

    queryset = DatabaseJob.objects.select_related("tenant", "backup")
    serializer_class = DatabaseJobSerializer


class DatabaseCopySerializer(Row[DatabaseCopy]):
    class Meta:
        model = DatabaseCopy
        fields = (
            "id",
            "tenant",
            "backup",
            "purpose",
            "tables",
            "made_at",
            "expires_at",
            "dropped_at",
        )


class DatabaseCopies(Things):
    """Planes beside a tenant's own: copies, and what a restore took out of service."""

    queryset = DatabaseCopy.objects.select_related("tenant", "backup")
    serializer_class = DatabaseCopySerializer


class DatabaseSerializer(Row[Database]):
    tenant = serializers.CharField(source="placement.tenant.public_id")

    class Meta:
        model = Database
        fields = (
            "id",
            "tenant",
            "size",
            "size_limit",
            "connection_limit",
            "notice",
            "asleep",
            "measured_at",
            "rotated_at",
            "drilled_at",
        )


class Databases(Things):
    """Sizes and limits, as they were measured last."""

    queryset = Database.objects.select_related("placement__tenant")
    serializer_class = DatabaseSerializer


urlpatterns = [
    *things("backups", Backups),
    *things("database-jobs", DatabaseJobs),
    *things("database-copies", DatabaseCopies),
    *things("databases", Databases),
    action_path("tenants/<str:public_id>/backups", actions.RequestBackup),
    action_path("tenants/<str:public_id>/rotate", actions.RotateCredentials),
    action_path("tenants/<str:public_id>/sleep", actions.SleepDatabase),
    action_path("tenants/<str:public_id>/wake", actions.WakeDatabase),
    action_path("backups/<str:public_id>/restore", actions.RestoreInPlace),
    action_path("backups/<str:public_id>/copy", actions.RestoreCopy),
    action_path("backups/<str:public_id>/drill", actions.DrillBackup),
    action_path("database-copies/<str:public_id>/drop", actions.DropCopy),
]
