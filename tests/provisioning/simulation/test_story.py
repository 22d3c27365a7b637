"""A tenant on AWS, on one machine: simulated cloud, real provider, local data."""

from __future__ import annotations

import pytest
from django.db import connections

from examples.storefront.models import Customer
from paybill_site.kernel.planes import plane
from paybill_site.local.places import Places
from provisioning.clouds import inventory, local
from provisioning.models import Run
from provisioning.plugins import mirrors
from provisioning.runner.work import work
from provisioning.simulation import places
from provisioning.states import DeploymentState, RunState
from tenants.directory import reach
from tenants.models import Placement, Tenant
from tenants.states import PlacementState, TenantState
from tests.provisioning.conftest import confirm, queue
from tests.provisioning.simulation.conftest import OnAws
from tests.provisioning.stacks.conftest import needed

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("machine"),
    pytest.mark.skipif(
        bool(mirrors.serve(needed("aws/bridge")).missing),
        reason="the AWS provider's plugin is not on this machine",
    ),
]


def through(run: Run) -> Run:
    """Bring a run to its end, with an operator's word where one is asked for."""
    work(run.public_id)
    run.refresh_from_db()
    if run.state == RunState.WAITING:
        confirm(run)
        work(run.public_id)
        run.refresh_from_db()
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    return run


def test_a_bridge_on_aws_keeps_its_data_here_and_is_gone_from_both(
    web: str, machine: Places, on_aws: OnAws
) -> None:
    deployment = on_aws("bridge")
    run = through(queue(deployment))
    deployment.refresh_from_db()

    # The outputs are AWS's ...
    assert deployment.outputs["database_host"].endswith("rds.amazonaws.com")
    assert deployment.outputs["secret_reference"].startswith("arn:aws:secretsmanager:")
    # ... the place is this machine's ...
    placement = Placement.objects.get(tenant=deployment.tenant)
    assert placement.alias == places.names(deployment)["db"]
    with plane(reach(placement)):
        Customer.objects.create(name="Ada", email="ada@example.com")
    connections[placement.alias].close()
    # ... and what was verified are the simulator's own records.
    checks = {check["name"]: check for check in run.checks}
    assert checks["cloud's own list"]["passed"]
    assert not any("was never tried" in check["detail"] for check in run.checks)

    again = through(queue(deployment))
    assert not again.changes["resources"], "a second plan has nothing to do"

    Tenant.objects.update(state=TenantState.CLOSING)
    through(queue(deployment, operation="unprotect"))
    gone = through(queue(deployment, operation="destroy"))
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.GONE, gone.explanation
    assert local.listed(local.mark_of(deployment)) == []
    asked = inventory.of(deployment)
    assert asked is not None
    assert all(found.ends for found in asked.listed(deployment))
    placement.refresh_from_db()
    assert placement.state == PlacementState.RETIRED
