"""What is done without being asked: daily backups, weekly drills, what is over."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from paybill_site.kernel.actions import perform
from provisioning.actions import DrillBackup
from provisioning.databases import care, expiring, handlers, tasks, turns, work
from provisioning.databases.errors import ArchiveMissing, StoreFailed
from provisioning.databases.states import BackupState, JobState
from provisioning.events import DatabaseJobEnded
from provisioning.models import Backup, DatabaseJob
from tenants.models import Placement, Tenant
from tenants.states import TenantState
from tests.provisioning.databases.conftest import OPERATOR, asked, back_up, done


def alone(tenant: Tenant) -> None:
    """Let no other tenant have anything scheduled here."""
    Tenant.objects.exclude(pk=tenant.pk).update(state=TenantState.DRAFT)


def age(backup: Backup, **fields: timedelta) -> None:
    moved = {name: timezone.now() - past for name, past in fields.items()}
    Backup.objects.filter(pk=backup.pk).update(**moved)


def test_every_tenant_gets_a_backup_each_day(pooled: Tenant) -> None:
    alone(pooled)
    assert care.schedule() == 1
    assert care.schedule() == 0  # it is queued
    job = done(DatabaseJob.objects.get())
    assert job.backup is not None
    assert (job.backup.reason, job.backup.state) == ("scheduled", BackupState.READY)
    assert care.schedule() == 0
    age(job.backup, created_at=timedelta(hours=25))
    Backup.objects.update(trigger="yesterday's")
    assert care.schedule() == 1


def test_who_fails_is_tried_again_and_keeps_nobody_from_theirs(
    pooled: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(pooled)
    assert care.schedule() == 1
    job = DatabaseJob.objects.get()
    DatabaseJob.objects.update(state=JobState.FAILED)
    Backup.objects.update(state=BackupState.FAILED)
    assert care.schedule() == 0  # not at once
    assert job.backup is not None
    age(job.backup, created_at=timedelta(hours=4))
    Backup.objects.update(trigger="four hours ago")
    other = Tenant.objects.create(
        account=pooled.account, name="Other", slug="other", state=TenantState.LIVE
    )
    Placement.objects.create(
        tenant=other, kind="pooled", state="taken", schema_name="t_other"
    )
    monkeypatch.setattr(care, "ASKED_AT_ONCE", 1)
    assert care.schedule() == 1
    assert other.backups.count() == 1  # who was never tried goes first
    assert care.schedule() == 1
    assert pooled.backups.count() == 2


def test_a_backup_is_kept_as_long_as_the_plan_says(pooled: Tenant, store: Path) -> None:
    alone(pooled)
    old, new = back_up(pooled), back_up(pooled)
    assert old.expires_at is not None
    assert timedelta(days=6) < old.expires_at - timezone.now() < timedelta(days=8)
    assert expiring.expire() == 0
    for backup in (old, new):
        age(backup, expires_at=timedelta(seconds=1))
    assert expiring.expire() == 1  # the newest of a tenant that lives stays
    old.refresh_from_db()
    assert old.state == BackupState.DELETED
    assert (old.deleted_at is not None, old.data_key) == (True, b"")
    assert old.manifest  # the record of what was kept
    assert not (store / old.location).exists()
    assert (store / new.location).exists()
    Tenant.objects.filter(pk=pooled.pk).update(state=TenantState.CLOSED)
    assert expiring.expire() == 1
    assert not (store / new.location).exists()


def test_an_archive_that_lies_elsewhere_does_not_count_as_deleted(
    pooled: Tenant, store: Path, settings: Any, log_in: Any, operator_user: Any
) -> None:
    alone(pooled)
    old, _ = back_up(pooled), back_up(pooled)
    age(old, expires_at=timedelta(hours=2))
    settings.PAYBILL_BACKUPS = str(store.parent / "a disk of this host alone")
    assert expiring.expire() == 0
    with pytest.raises(ArchiveMissing, match="another host's disk"):
        expiring.delete(old)
    old.refresh_from_db()
    assert (old.state, old.deleted_at) == (BackupState.READY, None)
    page = log_in(operator_user).get("/operators/").content.decode()
    assert "Backups that could not be deleted" in page
    settings.PAYBILL_BACKUPS = str(store)
    assert expiring.expire() == 1
    assert not (store / old.location).exists()


def test_a_deletion_that_was_cut_off_goes_on(
    pooled: Tenant, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(pooled)
    old, _ = back_up(pooled), back_up(pooled)
    age(old, expires_at=timedelta(hours=2))

    def died(*_: Any, **__: Any) -> None:
        raise StoreFailed("the connection broke")

    with monkeypatch.context() as cut:
        cut.setattr(expiring, "perform", died)
        with pytest.raises(StoreFailed):
            expiring.delete(old)
    assert not (store / old.location).exists()
    assert expiring.expire() == 1
    old.refresh_from_db()
    assert old.state == BackupState.DELETED


def test_the_last_backups_of_the_living_keep_no_other_from_its_end(
    pooled: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone(pooled)
    old, new = back_up(pooled), back_up(pooled)
    for backup in (old, new):
        age(backup, expires_at=timedelta(hours=2))
    monkeypatch.setattr(turns, "MOST", 1)
    assert expiring.expire() == 1  # it was the old one's turn, whatever the lot
    assert list(expiring.over()) == []


def test_a_drill_comes_each_week_and_a_failed_one_is_a_row(
    pooled: Tenant, store: Path
) -> None:
    alone(pooled)
    backup = back_up(pooled)
    assert care.drill() == 1
    path = store / backup.location
    path.write_bytes(path.read_bytes()[:-1])
    job = DatabaseJob.objects.get(kind="drill")
    work.work(job.public_id)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "does not open" in job.explanation
    assert care.drill() == 0


def test_a_failed_drill_is_on_the_operators_list(
    pooled: Tenant, store: Path, log_in: object, operator_user: object
) -> None:
    backup = back_up(pooled)
    (store / backup.location).unlink()
    work.work(asked(DrillBackup, backup).public_id)
    page = log_in(operator_user).get("/operators/").content.decode()  # type: ignore[operator]
    assert "Restore drills that failed" in page


def test_the_sweep_and_the_end_of_a_job_wake_the_next(
    pooled: Tenant, monkeypatch: object
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(tasks, "wake", woken.append)  # type: ignore[attr-defined]
    backup = back_up(pooled)
    job = perform(DrillBackup, backup, actor=OPERATOR).result
    assert tasks.database_sweep() == 1
    ended = DatabaseJobEnded(
        tenant=pooled.public_id, job=job.public_id, kind="backup", state="done"
    )
    handlers.go_on_with_the_next(ended, "dlv_x")
    assert woken == [job.public_id] * 2
