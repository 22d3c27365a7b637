"""*Business on AWS*, from the order in the portal to the signed record of its end."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.test import Client

from billing.models import Invoice
from billing.seed import seed_plans
from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import CONTROL, plane
from paybill_site.local import units
from paybill_site.local.places import Places
from provisioning.clouds import inventory
from provisioning.databases import work as databases
from provisioning.models import (
    Backup,
    CloudAccount,
    DatabaseJob,
    Deployment,
    Removal,
    Run,
)
from provisioning.plugins import mirrors
from provisioning.removal import driving, record
from provisioning.removal.states import RemovalState
from provisioning.runner.work import work
from provisioning.states import ACTIVE, DeploymentState, RunState
from tenants.actions import CloseTenant
from tenants.models import Account, Placement, Tenant
from tenants.routing import forget_hosts
from tenants.states import TenantState
from tests.cast import LogIn
from tests.provisioning.conftest import confirm, wait_for
from tests.provisioning.databases.conftest import store  # noqa: F401
from tests.provisioning.simulation.test_pages import SAID
from tests.provisioning.stacks.conftest import needed
from tests.simulated import REGION, client

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(mirrors.serve(needed("aws/silo")).missing),
        reason="the AWS provider's plugin is not on this machine",
    ),
]
ORDER = {"plan": "business-aws", "name": "Wanda", "slug": "wanda", "region": REGION}


@pytest.fixture
def portal(
    web: str,
    machine: Places,
    aws_account: CloudAccount,
    log_in: LogIn,
    owner_user: User,
    account: Account,
) -> Client:
    """A customer's browser, at an installation that can build what is sold."""
    seed_plans()
    return log_in(owner_user)


def settle() -> None:
    """What the workers do in between."""
    with plane(CONTROL):
        for _ in range(4):
            outbox.drain()
    forget_hosts()


def bring_on(run: Run) -> Run:
    """A run as far as it goes, with an operator's word where one is asked for."""
    work(run.public_id)
    run.refresh_from_db()
    if run.state == RunState.WAITING:
        confirm(run)
        work(run.public_id)
        run.refresh_from_db()
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    return run


def test_it_is_sold_built_reported_live_marked_and_taken_away(
    portal: Client,
    machine: Places,
    aws_account: CloudAccount,
    owner: Actor,
    store: Path,  # noqa: F811
) -> None:
    tenant = buy(portal)
    deployment = Deployment.objects.get(tenant=tenant)
    assert (deployment.kind, deployment.cloud) == ("silo", "aws")
    assert deployment.account == aws_account
    run = bring_on(Run.objects.get())
    settle()
    check_built(run, aws_account.endpoint)
    check_pages(portal, tenant)

    perform(CloseTenant, tenant, actor=owner, reason="it is over")
    removal = take_away()
    check_gone(removal, machine)


def buy(portal: Client) -> Tenant:
    """Order the plan and pay with the card that succeeds; nothing is built yet."""
    assert "Business on AWS" in portal.get("/plans/").content.decode()
    ordered = portal.post("/plans/", ORDER)
    assert ordered.status_code == 302, ordered.content.decode()
    page = f"/pay/{Invoice.objects.get().public_id}/"
    assert ordered["Location"] == page
    portal.post(f"{page}sandbox/", {"card": "test_succeeds"})
    settle()
    return Tenant.objects.get(slug="wanda")


def check_built(run: Run, address: str) -> None:
    """The cloud is the simulator's, the place this machine's, the report its own."""
    (database,) = client(address, "rds").describe_db_instances()["DBInstances"]
    assert database["DeletionProtection"]
    run.deployment.refresh_from_db()
    assert run.deployment.state == DeploymentState.READY
    assert run.deployment.report_key
    checks = {check["name"]: check["passed"] for check in run.checks}
    assert all(checks.values()), run.checks
    assert {"report", "licence", "cloud's own list"} <= set(checks)


def check_pages(portal: Client, tenant: Tenant) -> None:
    tenant.refresh_from_db()
    assert tenant.state == TenantState.LIVE
    assert tenant.simulated
    for page in "", "progress/", "database/":
        shown = portal.get(f"/tenants/{tenant.public_id}/{page}")
        assert SAID in shown.content.decode(), page
    port = Placement.objects.get(tenant=tenant).domains.get().port
    assert wait_for(lambda: SAID in home(port), "the silo's own page saying so")


def home(port: int) -> str:
    """The front page of the tenant's own server."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": f"wanda.localhost:{port}"})
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def take_away() -> Removal:
    """Do what all workers do until it is gone."""
    settle()
    removal = Removal.objects.get(placement=None)
    for _ in range(10):
        if driving.go_on(removal.public_id) == RemovalState.DONE:
            break
        for job in DatabaseJob.objects.filter(state="queued"):
            databases.work(job.public_id)
        for run in Run.objects.filter(state__in=ACTIVE):
            bring_on(run)
        settle()
    settle()
    removal.refresh_from_db()
    assert removal.state == RemovalState.DONE, removal.trouble
    return removal


def check_gone(removal: Removal, machine: Places) -> None:
    """From the cloud, from this machine; the record says what stayed, and is signed."""
    deployment = removal.deployment
    assert deployment is not None
    assert units.ask(machine, {"verb": "list"})["units"] == []
    asked = inventory.of(deployment)
    assert asked is not None
    assert all(found.ends for found in asked.listed(deployment))
    said = record.read(removal.record)
    assert said["place"]["simulated"] is True
    assert said["backup"]["id"] == Backup.objects.get().public_id
    assert Tenant.objects.get(pk=removal.tenant_id).state == TenantState.CLOSED
