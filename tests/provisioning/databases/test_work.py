"""Jobs on databases: one at a time for a tenant; nothing of a killed one is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone
from psycopg import sql

from paybill_site.kernel import schema
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import OutboxEvent
from provisioning.actions import RequestBackup, RestoreInPlace
from provisioning.actions.databasework import ClaimDatabaseJob, FinishBackup
from provisioning.databases import care, work
from provisioning.databases.errors import JobLost
from provisioning.databases.places import ground_of, placement_of
from provisioning.databases.states import BackupState, JobState
from provisioning.databases.system import WORKER
from provisioning.models import Backup, DatabaseCopy, DatabaseJob
from tenants.models import Tenant
from tenants.states import Suspension, TenantState
from tests.provisioning.conftest import wait_for
from tests.provisioning.databases.conftest import (
    OPERATOR,
    asked,
    back_up,
    customers,
    done,
    tables,
)
from tests.races import at_once
from tests.services import superuser


@contextmanager
def locked(tenant: Tenant, table: str) -> Iterator[None]:
    """Nobody else gets at a table of the tenant: who wants to is stopped there."""
    ground = ground_of(placement_of(tenant))
    database = str(connections["default"].settings_dict["NAME"])
    with psycopg.connect(superuser(database)) as connection:
        name = sql.Identifier(ground.schema, table)
        connection.execute(sql.SQL("LOCK TABLE {}").format(name))
        yield


def worker(job: DatabaseJob) -> subprocess.Popen[bytes]:
    """A worker as a process of its own, on the test's database."""
    database = str(connections["default"].settings_dict["NAME"])
    return subprocess.Popen(
        [sys.executable, "manage.py", "run_database_job", job.public_id],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.provisioning.settings",
            "PAYBILL_TEST_DATABASE": database,
            "PAYBILL_TEST_URL": "http://localhost",
            "PAYBILL_BACKUPS": str(settings.PAYBILL_BACKUPS),
        },
    )


def killed_at(job: DatabaseJob, step: str) -> None:
    """Work on a job as a process, until it says that it is at ``step``; kill it."""
    process = worker(job)

    def there() -> bool:
        job.refresh_from_db()
        return bool(job.progress.get("step") == step)

    wait_for(there, step)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    # Its lease runs out; here time is not waited for.
    DatabaseJob.objects.filter(pk=job.pk).update(lease_until=timezone.now())


def test_a_killed_backup_is_made_by_the_next_worker(
    pooled: Tenant, store: Path
) -> None:
    backup = perform(RequestBackup, pooled, actor=OPERATOR).result
    job = DatabaseJob.objects.get()
    with locked(pooled, "storefront_customer"):
        killed_at(job, "Summing tables")
        assert not care.waiting().exists()
        assert care.take_back() == 1
    assert list(care.waiting()) == [job]
    done(job)
    backup.refresh_from_db()
    assert backup.state == BackupState.READY
    assert backup.manifest["tables"] == tables(pooled)
    assert [p.name for p in store.rglob("*") if p.is_file()] == [
        Path(backup.location).name
    ]


def test_a_killed_restore_leaves_the_tenant_open_and_is_done_again(
    pooled: Tenant,
) -> None:
    backup = back_up(pooled)
    job = asked(RestoreInPlace, backup)
    with locked(pooled, "agents_agenttoken"):
        killed_at(job, "Exchanging")
        pooled.refresh_from_db()
        closed = (TenantState.SUSPENDED, Suspension.RESTORE)
        assert (pooled.state, pooled.suspension) == closed
        care.take_back()
        pooled.refresh_from_db()
        assert pooled.state == TenantState.LIVE
    done(job)
    assert tables(pooled) == {
        **backup.manifest["tables"],
        "django_session": tables(pooled)["django_session"],
    }
    assert customers(pooled) == ["Ada", "Edsger", "Grace"]
    # What the killed one made beside is dropped when its hour is over.
    old = DatabaseCopy.objects.order_by("id")[0]
    DatabaseCopy.objects.filter(pk=old.pk).update(expires_at=timezone.now())
    assert care.drop_copies() == 1
    with psycopg.connect(ground_of(placement_of(pooled)).dsn) as connection:
        assert old.schema_name not in schema.schemas(connection)


def test_a_job_whose_workers_die_ends_as_failed(pooled: Tenant) -> None:
    perform(RequestBackup, pooled, actor=OPERATOR)
    job = DatabaseJob.objects.get()
    for _ in range(3):
        perform(ClaimDatabaseJob, job, {"holder": "gone"}, actor=WORKER)
        DatabaseJob.objects.update(lease_until=timezone.now())
        care.take_back()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    backup = Backup.objects.get()
    assert backup.state == BackupState.FAILED
    assert "died" in backup.explanation
    told = OutboxEvent.objects.get(name="provisioning.backup_finished")
    assert told.payload["state"] == "failed"


def test_a_worker_that_lost_its_job_writes_nothing(pooled: Tenant) -> None:
    perform(RequestBackup, pooled, actor=OPERATOR)
    job = DatabaseJob.objects.get()
    asked = {"holder": "slow"}
    slow = perform(ClaimDatabaseJob, job, asked, actor=WORKER).result
    DatabaseJob.objects.update(lease_until=timezone.now())
    care.take_back()
    done(job)
    with pytest.raises(JobLost):
        perform(FinishBackup, slow, {"fence": slow.fence}, actor=WORKER)


def test_two_workers_at_once_make_one_backup(pooled: Tenant) -> None:
    perform(RequestBackup, pooled, actor=OPERATOR)
    job = DatabaseJob.objects.get()

    took = at_once([lambda: work.work(job.public_id)] * 2)
    assert sorted(took) == [False, True]
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DONE, 1)


def test_of_two_jobs_of_a_tenant_one_waits(pooled: Tenant) -> None:
    back_up(pooled)
    perform(RequestBackup, pooled, actor=OPERATOR)
    first = DatabaseJob.objects.get(state="queued")
    second = asked(RestoreInPlace, Backup.objects.filter(state="ready").get())
    perform(ClaimDatabaseJob, first, {"holder": "here"}, actor=WORKER)
    assert not care.waiting().exists()
    assert not work.work(second.public_id)
    second.refresh_from_db()
    assert second.state == JobState.QUEUED


def test_asked_twice_it_is_one_backup(pooled: Tenant) -> None:
    asked = {"trigger": "removal-1", "reason": "final"}
    first = perform(RequestBackup, pooled, asked, actor=OPERATOR).result
    assert perform(RequestBackup, pooled, asked, actor=OPERATOR).result == first
    done(DatabaseJob.objects.get())
    again = perform(RequestBackup, pooled, asked, actor=OPERATOR).result
    assert (again.pk, again.state) == (first.pk, BackupState.READY)
    told = OutboxEvent.objects.get(name="provisioning.backup_finished")
    assert told.payload == {
        "tenant": pooled.public_id,
        "backup": first.public_id,
        "reason": "final",
        "state": "ready",
    }
