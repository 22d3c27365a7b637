"""After an apply: looked at before a tenant is pointed to it, and taken away whole."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import AuditEntry
from paybill_site.local.places import Places
from provisioning import filling, reports
from provisioning.actions import RetryRun
from provisioning.attached import Attached
from provisioning.databases import work as databases
from provisioning.errors import NoReport
from provisioning.models import Backup, DatabaseJob, Deployment, Removal, Run
from provisioning.removal import driving, handlers, record
from provisioning.removal.states import RemovalState
from provisioning.runner.work import work
from provisioning.states import ACTIVE, DeploymentState, Operation, RunState
from tenants.events import TenantClosing
from tenants.models import Placement, Tenant
from tenants.states import PlacementState, TenantState
from tests.provisioning.conftest import OPERATOR, Entitle, queue
from tests.provisioning.databases.conftest import store  # noqa: F401
from tests.services import superuser

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine")]


def done(run: Run) -> Run:
    """A run brought as far as it goes, in this process."""
    work(run.public_id)
    run.refresh_from_db()
    return run


def passed(run: Run) -> dict[str, bool]:
    return {check["name"]: check["passed"] for check in run.checks}


def names(pattern: str) -> list[str]:
    """Databases and roles of the server whose name contains the pattern."""
    query = (
        "SELECT datname FROM pg_database WHERE strpos(datname, %(p)s) > 0"
        " UNION ALL SELECT rolname FROM pg_roles WHERE strpos(rolname, %(p)s) > 0"
    )
    with psycopg.connect(superuser()) as connection:
        return [row[0] for row in connection.execute(query, {"p": pattern})]


def test_a_bridge_is_looked_at_with_its_own_log_in(web: str, entitle: Entitle) -> None:
    run = done(queue(entitle("bridge")))
    assert run.state == RunState.APPLIED, run.explanation
    assert passed(run) == dict.fromkeys(
        ("line", "version", "powers of the log-in", "walls", "plane", "extensions"),
        True,
    )
    entry = AuditEntry.objects.get(action="provisioning.note_checks")
    assert "it reads nothing outside its plane" in entry.body


def test_a_tenant_is_not_pointed_to_a_place_that_is_not_as_it_has_to_be(
    web: str, entitle: Entitle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two walls are torn down behind Paybill's back; both are named."""
    fill = filling.fill
    opened: list[Any] = []

    def tear_down(run: Run, outputs: dict[str, Any]) -> Attached:
        place = fill(run, outputs)
        opened.append(place)
        with psycopg.connect(superuser(place.alias), autocommit=True) as root:
            root.execute("CREATE TABLE IF NOT EXISTS public.others (secret text)")
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {}",
                "GRANT SELECT ON public.others TO {}",
                "ALTER ROLE {} CREATEDB",
            ):
                root.execute(sql.SQL(statement).format(sql.Identifier(place.alias)))
        return place

    monkeypatch.setattr(filling, "fill", tear_down)
    deployment = entitle("bridge")
    run = done(queue(deployment))
    assert run.state == RunState.FAILED
    assert "walls: it reads public (1 tables)" in run.explanation
    assert "powers of the log-in" in run.explanation
    assert passed(run)["walls"] is False
    assert not Placement.objects.filter(tenant=deployment.tenant).exists()
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.BROKEN

    monkeypatch.undo()
    with psycopg.connect(superuser(opened[0].alias), autocommit=True) as root:
        root.execute("DROP TABLE public.others")
        role = sql.Identifier(opened[0].alias)
        root.execute(sql.SQL("ALTER ROLE {} NOCREATEDB").format(role))
        root.execute(sql.SQL("REVOKE USAGE ON SCHEMA public FROM {}").format(role))
    again = done(perform(RetryRun, run, actor=OPERATOR).result)
    assert again.state == RunState.APPLIED, again.explanation


def take_away(deployment: Deployment) -> Removal:
    """Close the tenant, and do what all workers would do until it is gone."""
    Tenant.objects.filter(pk=deployment.tenant_id).update(state=TenantState.CLOSING)
    closing = TenantClosing(tenant=deployment.tenant.public_id)
    handlers.take_down(closing, "dlv_close")
    removal = Removal.objects.get()
    for _ in range(8):
        outbox.drain()
        if driving.go_on(removal.public_id) == RemovalState.DONE:
            break
        for job in DatabaseJob.objects.filter(state="queued"):
            databases.work(job.public_id)
        for run in Run.objects.filter(state__in=ACTIVE):
            work(run.public_id)
    removal.refresh_from_db()
    return removal


def test_a_bridge_is_backed_up_destroyed_and_proved_to_be_gone(
    web: str, entitle: Entitle
) -> None:
    deployment = entitle("bridge")
    done(queue(deployment))
    placement = Placement.objects.get(tenant=deployment.tenant)
    mark = placement.alias.removeprefix("db_")
    assert names(mark)
    removal = take_away(deployment)
    assert removal.state == RemovalState.DONE, removal.trouble
    assert names(mark) == []
    placement.refresh_from_db()
    assert placement.state == PlacementState.RETIRED
    said = record.read(removal.record)
    assert said["backup"]["id"] == Backup.objects.get().public_id
    assert said["place"]["deployment"] == deployment.public_id
    assert [check["name"] for check in said["proof"]] == ["state", "cloud's own list"]
    handlers._close(Tenant.objects.get(pk=deployment.tenant_id))
    assert Tenant.objects.get(pk=deployment.tenant_id).state == TenantState.CLOSED


@pytest.fixture
def silo(web: str, machine: Places, entitle: Entitle) -> Deployment:
    deployment = entitle("silo")
    run = done(queue(deployment))
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    assert passed(run) == dict.fromkeys(
        ("report", "database", "migrations", "licence"), True
    )
    deployment.refresh_from_db()
    return deployment


def test_a_silo_reports_under_its_own_key_and_is_taken_away(silo: Deployment) -> None:
    tenant, key = silo.tenant, silo.report_key
    placement = Placement.objects.get(tenant=tenant)
    assert key
    report = reports.ask(tenant, placement.base_url, key)
    assert report["database"] is True

    other = "A" * 43 + "="
    with pytest.raises(NoReport, match="can not be believed"):
        reports.ask(tenant, placement.base_url, other)
    stranger = Tenant(public_id="ten_" + "0" * 26)
    with pytest.raises(NoReport, match="401"):
        reports.ask(stranger, placement.base_url, key)

    removal = take_away(silo)
    assert removal.state == RemovalState.DONE, removal.trouble
    said = record.read(removal.record)
    assert said["steps"][0]["detail"] == "its server says that its licence is closed"
    assert said["backup"]["id"]
    runs = silo.runs.filter(operation=Operation.DESTROY)
    assert runs.get().state == RunState.APPLIED
