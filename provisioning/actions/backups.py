"""Asking for backups, and noting what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone
from pydantic import Field

from paybill_site.kernel.actions import Action, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.ids import new_id
from provisioning.databases import asking
from provisioning.databases.machines import BACKUP
from provisioning.databases.places import placement_of
from provisioning.databases.states import (
    BackupReason,
    BackupState,
    JobKind,
    JobState,
)
from provisioning.models import Backup
from tenants.models import Entitlement, Tenant
from tenants.states import TenantState

RETENTION = timedelta(days=30)  # of a tenant without an entitlement


class BackupInput(Input):
    reason: BackupReason = Field(default=BackupReason.ASKED, title="Reason")
    trigger: str = Field(
        default="",
        max_length=100,
        title="Trigger",
        description="What asks for it; the same again is the same backup.",
    )


class RequestBackup(Action[Tenant, BackupInput, Backup]):
    """Back the tenant's database up: encrypted, stored, read back and compared."""

    model = Tenant
    Input = BackupInput
    permission = "provisioning.request_backup"
    legal_in = frozenset(TenantState) - {TenantState.DRAFT, TenantState.CLOSED}

    def run(self, target: Tenant, data: BackupInput, *, actor: Actor) -> Backup:
        same = Backup.objects.filter(trigger=data.trigger).first()
        if data.trigger and same is not None:
            return same
        placement = placement_of(target)
        waiting = Backup.objects.filter(
            tenant=target,
            state=BackupState.QUEUED,
            reason=data.reason,
            jobs__state=JobState.QUEUED,
        ).first()
        if waiting is not None:
            return waiting
        backup = Backup.objects.create(
            tenant=target,
            placement=placement,
            reason=data.reason,
            trigger=data.trigger or new_id("trg"),
            requested_by=actor.id,
        )
        asking.ask(JobKind.BACKUP, placement, actor=actor, backup=backup)
        return backup

    def recall(self, output: Mapping[str, Any]) -> Backup | None:
        return Backup._base_manager.filter(public_id=output.get("id", "")).first()


class ExpireBackup(Action[Backup, NoInput, Backup]):
    """Note that a backup's archive was deleted; the row stays as the record."""

    model = Backup
    permission = "provisioning.expire_backup"

    def run(self, target: Backup, data: NoInput, *, actor: Actor) -> Backup:
        if target.expires_at is None or target.expires_at > timezone.now():
            raise IllegalMove("backup is kept until its time is over")
        BACKUP.move(target, BackupState.DELETED, reason="its time was over")
        # Without the key what a store may still hold somewhere opens no more.
        target.deleted_at, target.data_key = timezone.now(), b""
        target.save(update_fields=["deleted_at", "data_key"])
        return target


def kept_for(tenant: Tenant) -> timedelta:
    """How long a backup of the tenant is kept, by its entitlement."""
    row = Entitlement.objects.filter(tenant=tenant).first()
    return timedelta(days=row.backup_days) if row else RETENTION
