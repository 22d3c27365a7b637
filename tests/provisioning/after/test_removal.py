"""A tenant's place is taken away: step by step, resumable at each, with a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command

from paybill_site.kernel import actors, schema
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.verifying import verify
from provisioning.actions import (
    HoldRemoval,
    ReleaseRemoval,
    RequestBackup,
    RestoreCopy,
    RetryRemoval,
    SkipBackup,
)
from provisioning.databases import work as databases
from provisioning.databases.states import BackupState
from provisioning.models import Backup, DatabaseCopy, DatabaseJob, Removal
from provisioning.removal import driving, handlers, record, steps
from provisioning.removal.states import RemovalState
from provisioning.system import PROVISIONING
from tenants import pool
from tenants.actions import ResumeTenant, SuspendTenant
from tenants.events import TenantClosing
from tenants.models import Placement, Tenant
from tenants.states import PlacementState, TenantState
from tests.database import provisioner
from tests.provisioning.databases.conftest import (  # noqa: F401
    pooled,
    store,
)

OPENER = actors.system(
    "opener", "tenants.view_tenant", "tenants.suspend_tenant", "tenants.resume_tenant"
)


def close(tenant: Tenant) -> Removal:
    """The tenant is closed by its owner, as far as the handler goes."""
    Tenant.objects.filter(pk=tenant.pk).update(state=TenantState.CLOSING)
    handlers.take_down(TenantClosing(tenant=tenant.public_id), "dlv_close")
    return Removal.objects.get(tenant=tenant)


def work_off() -> None:
    """Do what the database's workers would do by now."""
    for job in DatabaseJob.objects.filter(state="queued"):
        databases.work(job.public_id)


def go_on(removal: Removal) -> Removal:
    driving.go_on(removal.public_id)
    removal.refresh_from_db()
    return removal


def left_of(placement: Placement) -> list[str]:
    """What the database server still knows of a place."""
    with psycopg.connect(provisioner(), autocommit=True) as connection:
        roles = connection.execute(
            "SELECT rolname FROM pg_roles WHERE strpos(rolname, %s) > 0",
            [placement.schema_name],
        ).fetchall()
    found = [name for name in schemas() if name == placement.schema_name]
    return [*(row[0] for row in roles), *found]


def test_who_leaves_the_pool_is_closed_at_once_and_gone_after_the_last_backup(
    pooled: Tenant,  # noqa: F811
) -> None:
    placement = Placement.objects.get(tenant=pooled)
    removal = close(pooled)
    pooled.refresh_from_db()
    placement.refresh_from_db()
    assert pooled.state == TenantState.CLOSED
    assert placement.state == PlacementState.RETIRED

    assert go_on(removal).state == RemovalState.BACKING_UP
    assert left_of(placement)  # nothing goes before its backup is stored
    work_off()
    assert go_on(removal).state == RemovalState.DONE
    assert left_of(placement) == []
    placement.refresh_from_db()
    assert placement.state == PlacementState.GONE
    assert [step.name for step in removal.steps.all()] == [
        name for name in RemovalState.values if name != RemovalState.DONE
    ]
    assert not verify().findings

    said = record.read(removal.record)
    backup = Backup.objects.get()
    assert said["backup"]["id"] == backup.public_id
    assert said["backup"]["kept_until"]
    assert {check["name"]: check["passed"] for check in said["proof"]} == {
        "schema": True,
        "roles": True,
    }
    assert all(step["ended"] for step in said["steps"])


@pytest.mark.parametrize("let_in_since", [False, True])
def test_the_backup_of_the_subscriptions_end_is_the_last_unless_somebody_was_let_in(
    pooled: Tenant,  # noqa: F811
    let_in_since: bool,
) -> None:
    asked = {"reason": "final", "trigger": "ended:sub_1:7"}
    perform(RequestBackup, pooled, asked, actor=PROVISIONING)
    work_off()
    if let_in_since:
        perform(SuspendTenant, pooled, actor=OPENER)
        perform(ResumeTenant, pooled, actor=OPENER)
    removal = go_on(close(pooled))
    expected = RemovalState.BACKING_UP if let_in_since else RemovalState.DONE
    assert removal.state == expected
    assert Backup.objects.count() == 1 + let_in_since


def test_copies_beside_it_go_with_it(
    pooled: Tenant,  # noqa: F811
    operator: Any,
) -> None:
    asked = {"trigger": "before"}
    backup = perform(RequestBackup, pooled, asked, actor=operator).result
    work_off()
    perform(RestoreCopy, backup, actor=operator)
    work_off()
    copy = DatabaseCopy.objects.get()
    assert copy.schema_name in schemas()
    removal = close(pooled)
    go_on(removal)
    work_off()
    assert go_on(removal).state == RemovalState.DONE, removal.trouble
    assert copy.schema_name not in schemas()


def schemas() -> dict[str, str]:
    with psycopg.connect(provisioner(), autocommit=True) as connection:
        return schema.schemas(connection)


class Killed(BaseException):
    """Stands for a worker that dies: nothing may catch it."""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("killed_at", list(steps.STEPS))
def test_a_removal_killed_at_any_step_goes_on(
    pooled: Tenant,  # noqa: F811
    killed_at: RemovalState,
    moment: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed before a step's work, or after it and before it was written down."""
    removal = close(pooled)
    step, following = steps.STEPS[killed_at]

    def dies(row: Removal) -> None:
        if moment == "after" and step(row) is None:
            return
        raise Killed

    monkeypatch.setitem(steps.STEPS, killed_at, (dies, following))
    died = False
    for _ in range(3):
        try:
            driving.go_on(removal.public_id)
        except Killed:
            died = True
        work_off()
    assert died
    removal.refresh_from_db()
    assert removal.state == killed_at
    monkeypatch.setitem(steps.STEPS, killed_at, (step, following))
    for _ in range(3):
        go_on(removal)
        work_off()
    assert removal.state == RemovalState.DONE, removal.trouble
    assert left_of(Placement.objects.get(tenant=pooled)) == []
    assert Backup.objects.count() == 1


def test_a_failed_backup_stops_it_until_an_operator_decides(
    pooled: Tenant,  # noqa: F811
    operator: Any,
) -> None:
    removal = close(pooled)
    go_on(removal)
    Backup.objects.update(state=BackupState.FAILED, explanation="disk full")
    DatabaseJob.objects.update(state="failed")
    assert "disk full" in go_on(removal).trouble
    assert go_on(removal).state == RemovalState.BACKING_UP
    assert removal not in driving.waiting()

    perform(RetryRemoval, removal, actor=operator)
    go_on(removal)
    assert Backup.objects.count() == 2
    Backup.objects.filter(state=BackupState.QUEUED).update(state=BackupState.FAILED)
    go_on(removal)
    perform(SkipBackup, removal, actor=operator, reason="nothing is to be kept")
    assert go_on(removal).state == RemovalState.DONE
    assert "without one" in record.read(removal.record)["backup"]["none"]


def test_a_removal_that_is_held_waits(
    pooled: Tenant,  # noqa: F811
    operator: Any,
) -> None:
    removal = close(pooled)
    perform(HoldRemoval, removal, {"why": "a court asked"}, actor=operator)
    assert go_on(removal).state == RemovalState.SUSPENDING
    perform(ReleaseRemoval, removal, actor=operator)
    assert go_on(removal).state == RemovalState.BACKING_UP
    with pytest.raises(IllegalMove, match="not stuck"):
        perform(RetryRemoval, removal, actor=operator)


def test_what_is_left_is_named_and_found_again(
    pooled: Tenant,  # noqa: F811
    operator: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    removal = close(pooled)
    go_on(removal)
    work_off()
    monkeypatch.setattr(pool, "dispose", lambda placement: None)
    go_on(removal)
    assert removal.state == RemovalState.PROVING
    assert "schema: it still exists" in removal.trouble
    monkeypatch.undo()
    pool.dispose(Placement.objects.get(tenant=pooled))
    perform(RetryRemoval, removal, actor=operator)
    assert go_on(removal).state == RemovalState.DONE


def test_a_record_that_was_changed_is_not_genuine(
    pooled: Tenant,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    removal = close(pooled)
    go_on(removal)
    work_off()
    go_on(removal)
    file = tmp_path / "record.json"
    file.write_text(removal.record)
    call_command("removal_verify", str(file))
    assert "genuine" in capsys.readouterr().out
    document = json.loads(removal.record)
    document["record"]["proof"][0]["detail"] = "other"
    for changed in (json.dumps(document), "{}", "[]", "no JSON", ""):
        file.write_text(changed)
        with pytest.raises(CommandError):
            call_command("removal_verify", str(file))
