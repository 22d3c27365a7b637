"""Asking for restores, and for trials of them; what lies beside a tenant's plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from paybill_site.kernel.actions import Action, Danger, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, IllegalMove
from provisioning.databases import asking
from provisioning.databases.errors import BackupNotReady
from provisioning.databases.places import placement_of
from provisioning.databases.states import BackupState, JobKind
from provisioning.models import Backup, DatabaseCopy, DatabaseJob
from tenants.states import TenantState

GONE = {TenantState.CLOSING, TenantState.CLOSED}


class RestoreInPlace(Action[Backup, NoInput, DatabaseJob]):
    """Put the tenant back to this backup: all that was written since is set aside.

    What is replaced is kept beside for some days. The tenant is closed for seconds.
    """

    model = Backup
    permission = "provisioning.restore_backup"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({BackupState.READY})

    def run(self, target: Backup, data: NoInput, *, actor: Actor) -> DatabaseJob:
        return _restore(target, JobKind.IN_PLACE, actor)

    def recall(self, output: Mapping[str, Any]) -> DatabaseJob | None:
        return _recall(output)


class RestoreCopy(Action[Backup, NoInput, DatabaseJob]):
    """Restore a backup beside the tenant's database, to look at; nothing is replaced.

    The copy is closed, can not act, and is dropped after some days.
    """

    model = Backup
    permission = "provisioning.copy_backup"
    legal_in = frozenset({BackupState.READY})

    def run(self, target: Backup, data: NoInput, *, actor: Actor) -> DatabaseJob:
        return _restore(target, JobKind.COPY, actor)

    def recall(self, output: Mapping[str, Any]) -> DatabaseJob | None:
        return _recall(output)


class DrillBackup(Action[Backup, NoInput, DatabaseJob]):
    """Try a backup out: restore it, compare every table, drop it, write a report."""

    model = Backup
    permission = "provisioning.drill_backup"
    legal_in = frozenset({BackupState.READY})

    def run(self, target: Backup, data: NoInput, *, actor: Actor) -> DatabaseJob:
        return _restore(target, JobKind.DRILL, actor)

    def recall(self, output: Mapping[str, Any]) -> DatabaseJob | None:
        return _recall(output)


class DropCopy(Action[DatabaseCopy, NoInput, DatabaseCopy]):
    """Have a copy beside a tenant's database dropped before its time is over."""

    model = DatabaseCopy
    permission = "provisioning.drop_databasecopy"
    danger = Danger.DESTRUCTIVE

    def run(self, target: DatabaseCopy, data: NoInput, *, actor: Actor) -> DatabaseCopy:
        if target.dropped_at is not None:
            raise IllegalMove("copy is dropped already")
        if target.made_at is None:
            raise Conflict("A job is still at work on this copy.")
        target.expires_at = timezone.now()
        target.save(update_fields=["expires_at"])
        return target


class NoteDropped(Action[DatabaseCopy, NoInput, DatabaseCopy]):
    """Note that a copy is gone; the row stays as the record."""

    model = DatabaseCopy
    permission = "provisioning.advance_databasejob"

    def run(self, target: DatabaseCopy, data: NoInput, *, actor: Actor) -> DatabaseCopy:
        target.dropped_at = target.dropped_at or timezone.now()
        target.save(update_fields=["dropped_at"])
        return target


def _restore(backup: Backup, kind: JobKind, actor: Actor) -> DatabaseJob:
    if backup.state != BackupState.READY:
        raise BackupNotReady(f"This backup is {backup.state}.")
    if kind == JobKind.IN_PLACE and backup.tenant.state in GONE:
        raise IllegalMove(f"tenant is {backup.tenant.state}; nothing is put back")
    placement = placement_of(backup.tenant)
    return asking.ask(kind, placement, actor=actor, backup=backup)


def _recall(output: Mapping[str, Any]) -> DatabaseJob | None:
    return DatabaseJob._base_manager.filter(public_id=output.get("id", "")).first()
