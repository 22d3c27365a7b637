"""A bridge tenant's whole story: planned, applied, filled, served, destroyed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from examples.storefront.models import Customer
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import plane
from paybill_site.kernel.verifying import verify
from paybill_site.local import units
from paybill_site.local.places import Places
from provisioning import state
from provisioning.actions import DiscardRun, RetryRun
from provisioning.models import Deployment, LogChunk, PlanFile, Run, StateVersion
from provisioning.runner import tokens
from provisioning.runner.work import work
from provisioning.states import DeploymentState, Phase, PhaseState, RunState
from tenants.directory import reach
from tenants.models import Placement, Tenant
from tenants.states import PlacementState, TenantState
from tests.provisioning.conftest import OPERATOR, Entitle, confirm, queue
from tests.services import superuser

pytestmark = pytest.mark.usefixtures("machine")


def built(deployment: Deployment) -> Run:
    """A run brought to its end in this process."""
    run = queue(deployment)
    assert work(run.public_id)
    run.refresh_from_db()
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    deployment.refresh_from_db()
    return run


def names(pattern: str) -> list[str]:
    """Databases and roles of the server whose name contains the pattern."""
    query = (
        "SELECT datname FROM pg_database WHERE strpos(datname, %(p)s) > 0"
        " UNION ALL SELECT rolname FROM pg_roles WHERE strpos(rolname, %(p)s) > 0"
    )
    with psycopg.connect(superuser()) as connection:
        return [row[0] for row in connection.execute(query, {"p": pattern})]


def test_a_bridge_is_built_and_served_from_its_own_database(
    web: str, entitle: Entitle
) -> None:
    deployment = entitle("bridge")
    run = built(deployment)
    assert run.changes["add"] == 1
    assert len(run.plan_sha256) == len(run.plan_digest) == 64
    phases = list(run.phases.all())
    assert [p.state for p in phases] == [PhaseState.DONE] * len(Phase)
    times = [time for p in phases for time in (p.started_at, p.ended_at) if time]
    assert times == sorted(times), "each phase begins when the one before has ended"
    assert deployment.state == DeploymentState.READY
    assert not PlanFile.objects.exists()
    assert not (Path(settings.PAYBILL_LOCAL) / "runs" / run.public_id).exists()
    placement = Placement.objects.get(tenant=deployment.tenant)
    assert placement.state == PlacementState.TAKEN
    with served(placement):
        Customer.objects.create(name="Ada", email="ada@example.com")

    again = built(deployment)  # nothing to change: the apply is not reached
    went = {p.name: p.state for p in again.phases.all()}
    assert went[Phase.APPLY] == PhaseState.UNREACHABLE
    with served(placement):
        assert Customer.objects.count() == 1
    assert not verify().findings


def test_after_a_destroy_nothing_is_left(web: str, entitle: Entitle) -> None:
    deployment = entitle("bridge")
    built(deployment)
    placement = Placement.objects.get(tenant=deployment.tenant)
    mark = placement.alias.removeprefix("db_")
    assert names(mark)
    Tenant.objects.update(state=TenantState.CLOSING)
    gone = queue(deployment, operation="destroy")
    work(gone.public_id)
    gone.refresh_from_db()
    assert gone.state == RunState.APPLIED, gone.explanation
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.GONE
    newest = state.current(deployment)
    assert newest is not None
    assert newest.resources == 0
    assert names(mark) == []
    placement.refresh_from_db()
    assert placement.state == PlacementState.RETIRED


def test_a_unit_that_stayed_behind_is_named(
    web: str, machine: Places, entitle: Entitle
) -> None:
    deployment = entitle("bridge")
    built(deployment)
    Tenant.objects.update(state=TenantState.CLOSING)
    stray = Placement.objects.get(tenant=deployment.tenant).alias + "_x"
    units.add(machine, kind="database", id=stray)
    gone = queue(deployment, operation="destroy")
    work(gone.public_id)
    gone.refresh_from_db()
    assert gone.state == RunState.FAILED
    assert stray in gone.explanation
    units.remove(machine, stray)
    again = perform(RetryRun, gone, actor=OPERATOR).result
    work(again.public_id)
    again.refresh_from_db()
    assert again.state == RunState.APPLIED, again.explanation


def test_the_same_inputs_give_the_same_digest(web: str, entitle: Entitle) -> None:
    deployment = entitle("bridge")
    digests = set()
    for _ in range(2):
        run = queue(deployment, needs_confirmation=True)
        work(run.public_id)
        run.refresh_from_db()
        digests.add((run.plan_digest, run.stack_digest))
        perform(DiscardRun, run, actor=OPERATOR)
    assert len(digests) == 1


def test_no_secret_is_in_log_plan_or_state(
    web: str, machine: Places, entitle: Entitle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every secret that the run came near, looked for in all that it left."""
    given: list[str] = []
    fresh = tokens.fresh

    def remembered() -> str:
        given.append(fresh())
        return given[-1]

    monkeypatch.setattr(tokens, "fresh", remembered)
    deployment = entitle("bridge")
    run = queue(deployment, needs_confirmation=True)
    work(run.public_id)
    confirm(run)
    plan = PlanFile.objects.get().content
    work(run.public_id)
    run.refresh_from_db()
    assert run.state == RunState.APPLIED, run.explanation
    unit = units.show(machine, Placement.objects.get(tenant=deployment.tenant).alias)
    secrets = [
        *given,
        Path(unit["secret"]).read_text().strip(),
        Path(unit["provisioner_secret"]).read_text().strip(),
        str(settings.SECRET_KEY),
        str(settings.PAYBILL_KEYS["data"][0]),
    ]
    with zipfile.ZipFile(io.BytesIO(plan)) as archive:
        left = [archive.read(name) for name in archive.namelist()]
    left += [version.content for version in StateVersion.objects.all()]
    left += [chunk.text.encode() for chunk in LogChunk.objects.all()]
    left += [entry.body.encode() for entry in AuditEntry.objects.all()]
    assert len(given) == 3, "prepare, plan and apply each have their own"
    assert len(left) > 10
    for secret in secrets:
        assert not any(secret.encode() in text for text in left)


@contextmanager
def served(placement: Placement) -> Iterator[None]:
    """Inside the tenant's plane, on a connection to its own database."""
    with plane(reach(placement)):
        with connections[placement.alias].cursor() as cursor:
            cursor.execute("SELECT current_database(), current_user")
            database, role = cursor.fetchone()
        assert database == placement.alias
        assert role == f"{placement.schema_name}_app"
        yield
    connections[placement.alias].close()
