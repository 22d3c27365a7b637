"""A bridge on the simulated AWS, from its first apply to the record of its end.

The real provider talks to the simulator; what is asserted is read from the simulator
with ordinary clients, and from this machine's own PostgreSQL, where the data is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections

from examples.storefront.models import Customer
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import plane
from provisioning.actions import AdoptDrift, PrepareDeployment, RepairDrift
from provisioning.clouds import local
from provisioning.models import Deployment, Removal, Run
from provisioning.removal import record
from provisioning.removal.states import RemovalState
from provisioning.runner.work import work
from provisioning.simulation import places
from provisioning.simulation.seed import seed_account
from provisioning.states import DeploymentState, Operation, RunState
from provisioning.system import PROVISIONING
from tenants.directory import reach
from tenants.models import Account, Entitlement, Placement
from tenants.states import EntitlementState, PlacementState, Role
from tests.cast import join, make_tenant, make_user
from tests.provisioning.after.test_verifying import done, passed, take_away
from tests.provisioning.conftest import APPROVER, OPERATOR, confirm, queue
from tests.provisioning.databases.conftest import store  # noqa: F401
from tests.simulated import REGION, client, simulated_aws

GROUP = "aws_cloudwatch_log_group.database"
LINE = ("address", "attribute", "was", "is")

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine")]


@pytest.fixture
def aws() -> Iterator[str]:
    with simulated_aws() as address:
        yield address


@pytest.fixture
def deployment(web: str, aws: str, control: object) -> Deployment:
    """A paying customer's bridge in the simulated account; nothing was made yet."""
    seed_account(aws)
    user = make_user("acme")
    account = Account.objects.create(name="acme", created_by=user.public_id)
    join(account, user, Role.OWNER)
    tenant = make_tenant(account, "acme")
    Entitlement.objects.create(
        tenant=tenant,
        state=EntitlementState.ACTIVE,
        plan="business",
        isolation="bridge",
        cloud="aws",
        region=REGION,
        size="small",
        retention_days=30,
        version=1,
    )
    return perform(PrepareDeployment, tenant, actor=PROVISIONING).result


def look(deployment: Deployment) -> list[dict[str, Any]]:
    """What a look finds."""
    run = done(queue(deployment, operation=Operation.REFRESH))
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    deployment.refresh_from_db()
    lines = deployment.drift.get("lines", [])
    return [{name: line[name] for name in LINE} for line in lines]


def approved(run: Run) -> Run:
    """Applied, by a person where one is asked for."""
    done(run)
    if run.state == RunState.WAITING:
        confirm(run)
        done(run)
    assert run.state == RunState.APPLIED, (run.state, run.explanation, run.traceback)
    return run


def test_a_bridge_keeps_its_data_here_drifts_is_mended_and_leaves_no_trace(
    aws: str, deployment: Deployment
) -> None:
    run = approved(queue(deployment))
    assert all(passed(run).values()), run.checks
    assert passed(run)["cloud's own list"]
    deployment.refresh_from_db()
    assert deployment.protected
    place = kept_here(deployment, run)
    again = approved(queue(deployment))
    assert not again.changes["resources"], "a second plan has nothing to do"
    assert look(deployment) == []
    drifts(deployment, client(aws, "logs"))

    removal = let(take_away(deployment))
    assert removal.state == RemovalState.DONE, (removal.state, removal.trouble)
    deployment.refresh_from_db()
    assert deployment.state == DeploymentState.GONE
    assert local.listed(local.mark_of(deployment)) == []
    place.refresh_from_db()
    assert place.state == PlacementState.RETIRED
    assert client(aws, "rds").describe_db_instances()["DBInstances"] == []
    assert client(aws, "logs").describe_log_groups()["logGroups"] == []
    said = record.read(removal.record)
    assert said["place"]["simulated"] is True
    steps = {step["name"]: step["detail"] for step in said["steps"]}
    assert steps[RemovalState.UNPROTECTING].endswith("was applied")
    # The key can not be deleted at once: it is named, with its day.
    assert any("key" in left["name"] for left in said["remains"]), said["remains"]
    assert all(left["ends"] for left in said["remains"])


def kept_here(deployment: Deployment, run: Run) -> Placement:
    """The outputs are AWS's, the place is this machine's, and both were looked at."""
    assert deployment.outputs["database_host"].endswith("rds.amazonaws.com")
    assert deployment.outputs["secret_reference"].startswith("arn:aws:secretsmanager:")
    placement: Placement = Placement.objects.get(tenant=deployment.tenant)
    assert placement.alias == places.names(deployment)["db"]
    with plane(reach(placement)):
        Customer.objects.create(name="Ada", email="ada@example.com")
    connections[placement.alias].close()
    assert not any("was never tried" in check["detail"] for check in run.checks)
    return placement


def drifts(deployment: Deployment, logs: Any) -> None:
    """Changed outside and adopted; deleted outside and repaired."""
    (group,) = logs.describe_log_groups()["logGroups"]
    name = group["logGroupName"]
    logs.put_retention_policy(logGroupName=name, retentionInDays=7)
    changed = {"attribute": "retention_in_days", "was": "30", "is": "7"}
    assert look(deployment) == [{"address": GROUP, **changed}]
    approved(perform(AdoptDrift, deployment, actor=OPERATOR).result)
    deployment.refresh_from_db()
    assert deployment.drift == {}
    assert look(deployment) == []  # the state says 7 now, as the cloud does

    logs.delete_log_group(logGroupName=name)
    (gone,) = look(deployment)
    assert (gone["address"], gone["is"]) == (GROUP, "deleted outside")
    approved(perform(RepairDrift, deployment, actor=APPROVER).result)
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 30
    assert look(deployment) == []


def let(removal: Removal) -> Removal:
    """Approve each plan that a removal waits for, until it is done."""
    from provisioning.removal import driving  # noqa: PLC0415 - beside its use

    for _ in range(6):
        removal.refresh_from_db()
        if removal.run is not None and removal.run.state == RunState.WAITING:
            work(confirm(removal.run).public_id)
        if driving.go_on(removal.public_id) == RemovalState.DONE:
            break
        for run in removal.deployment.runs.filter(state=RunState.PENDING):  # type: ignore[union-attr]
            work(run.public_id)
    removal.refresh_from_db()
    return removal
