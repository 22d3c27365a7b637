"""A bridge tenant's whole story: queued, planned, applied, filled, served, destroyed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connections

from examples.storefront.models import Customer
from paybill_site.kernel.audit import verify
from paybill_site.kernel.planes import plane
from provisioning import state
from provisioning.models import Deployment, PlanFile, Run
from provisioning.runner.work import work
from provisioning.states import DeploymentState, Phase, PhaseState, RunState
from tenants.directory import reach
from tenants.models import Placement, Tenant
from tenants.states import PlacementState, TenantState
from tests.database import superuser
from tests.provisioning.conftest import Entitle, queue

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


def test_a_bridge_is_built_served_and_taken_down(web: str, entitle: Entitle) -> None:
    deployment = entitle("bridge")
    run = built(deployment)
    assert run.changes["add"] == 1
    assert len(run.plan_sha256) == len(run.plan_digest) == 64
    assert [p.state for p in run.phases.all()] == [PhaseState.DONE] * 3
    assert deployment.state == DeploymentState.READY
    assert not PlanFile.objects.exists()
    assert not (Path(settings.PAYBILL_LOCAL) / "runs" / run.public_id).exists()

    placement = Placement.objects.get(tenant=deployment.tenant)
    assert placement.state == PlacementState.TAKEN
    with plane(reach(placement)):
        Customer.objects.create(name="Ada", email="ada@example.com")
        with connections[placement.alias].cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert cursor.fetchone()[0] == placement.alias

    again = built(deployment)  # nothing to change: the apply is not reached
    phases = {p.name: p.state for p in again.phases.all()}
    assert phases[Phase.APPLY] == PhaseState.UNREACHABLE
    with plane(reach(placement)):
        assert Customer.objects.count() == 1
    connections[placement.alias].close()

    mark = placement.alias.removeprefix("db_")
    assert names(mark)
    Tenant.objects.update(state=TenantState.CLOSING)
    gone = queue(deployment, operation="destroy")
    assert work(gone.public_id)
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
    assert not verify().findings
