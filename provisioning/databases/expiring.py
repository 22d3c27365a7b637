"""Archives whose time is over: deleted from the store, then noted on their rows.

An archive that is not found is not deleted: it may lie on another host's disk. So
nothing is called deleted that was not seen and removed, unless its deletion had begun
before and was cut off.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from paybill_site.kernel.actions import perform
from provisioning.actions.backups import ExpireBackup
from provisioning.databases import dumping, storage, turns
from provisioning.databases.errors import ArchiveMissing
from provisioning.databases.states import BackupState
from provisioning.databases.system import SWEEP
from provisioning.models import Backup
from tenants.states import TenantState

STANDING = (TenantState.LIVE, TenantState.SUSPENDED)


def over(since: timedelta = timedelta()) -> QuerySet[Backup]:
    """Backups whose time is over; never the last one of a tenant that lives.

    ``since``: only those whose time has been over for so long.
    """
    newer = Backup.objects.filter(
        tenant=OuterRef("tenant"), state=BackupState.READY, pk__gt=OuterRef("pk")
    )
    return Backup.objects.filter(
        Exists(newer) | ~Q(tenant__state__in=STANDING),
        state=BackupState.READY,
        expires_at__lte=timezone.now() - since,
    )


def expire() -> int:
    """Delete archives whose time is over; returns how many."""
    return turns.each(turns.by_lot(over().select_related("tenant")), delete)


def delete(backup: Backup) -> None:
    """Delete an archive and note it; repeatable. Raises ArchiveMissing, StoreFailed."""
    store, start = storage.store(), dumping.start_of(backup)
    if backup.deleted_at is None:
        if not store.holds(start):
            raise ArchiveMissing(f"{backup.public_id}: {ArchiveMissing.__doc__}")
        begun = Backup.objects.filter(pk=backup.pk)
        begun.update(deleted_at=timezone.now())
    store.delete(start)
    perform(ExpireBackup, backup, actor=SWEEP)
