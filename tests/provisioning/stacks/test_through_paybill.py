"""A stack of a simulated cloud as Paybill runs it: its runner, its state, its gates."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from billing.events import AccessChanged
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import Place
from provisioning import handlers, state
from provisioning.actions import PrepareDeployment
from provisioning.clouds import azure
from provisioning.clouds.adapters import Access
from provisioning.handover import contents
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.runner.work import work
from provisioning.states import Phase, RunState
from provisioning.system import PROVISIONING
from tenants.models import Account, Entitlement
from tenants.states import EntitlementState, Role
from tests.cast import join, make_tenant, make_user
from tests.provisioning.conftest import confirm, queue
from tests.provisioning.stacks.inputs import ACCOUNTS, REGIONS

pytestmark = pytest.mark.slow
REGION = REGIONS["azure"]
LARGE, SMALL = "GP_Standard_D4ds_v5", "B_Standard_B1ms"


@pytest.fixture
def cloud(simulator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Azure in a file: whoever names it is let in."""
    monkeypatch.setenv("PAYBILL_TF_MIRROR", str(simulator))
    file = tmp_path / "cloud.db"

    @contextmanager
    def enter(run: Run, phase: Phase, folder: Path) -> Iterator[Access]:
        yield Access({"SCHEMA_PROVIDER_STATE": str(file)})

    monkeypatch.setattr(azure, "access", enter)
    return file


@pytest.fixture
def deployment(control: Place, web: str, cloud: Path) -> Deployment:
    """What a plan with a database of one's own on Azure gives a tenant."""
    CloudAccount.objects.create(
        name="Azure",
        cloud="azure",
        method="none",
        regions=[REGION],
        details=ACCOUNTS["azure/bridge"],
    )
    user = make_user("acme")
    account = Account.objects.create(name="acme", created_by=user.public_id)
    join(account, user, Role.OWNER)
    tenant = make_tenant(account, "acme")
    Entitlement.objects.create(
        tenant=tenant,
        state=EntitlementState.ACTIVE,
        plan="business",
        isolation="bridge",
        cloud="azure",
        region=REGION,
        version=1,
    )
    return perform(PrepareDeployment, tenant, actor=PROVISIONING).result


def test_a_bridge_on_azure_is_planned_judged_and_built(
    deployment: Deployment, cloud: Path, unfilled: None
) -> None:
    run = finished(queue(deployment))
    assert run.changes["add"] == len(existing(cloud)) == 8
    assert run.stack == "azure/bridge"
    assert "azurerm" in json.dumps(run.providers)

    kept = state.current(deployment)
    assert kept is not None
    password = contents(run)["database_password"]
    assert password not in kept.content.decode()

    again = finished(queue(deployment))
    assert again.changes["add"] == again.changes["change"] == 0


def test_closed_it_is_put_to_sleep_and_woken_by_real_runs(
    deployment: Deployment, cloud: Path, unfilled: None
) -> None:
    Entitlement.objects.update(size="large")
    finished(queue(deployment))
    assert server(cloud)["sku_name"] == LARGE

    Entitlement.objects.update(state=EntitlementState.SUSPENDED)
    asleep = alone(follow(deployment, "dlv_1"))
    assert [asleep.changes[what] for what in ("add", "change", "destroy")] == [0, 1, 0]
    assert server(cloud)["sku_name"] == SMALL
    assert handlers.is_asleep(deployment.tenant)

    Entitlement.objects.update(state=EntitlementState.ACTIVE)
    alone(follow(deployment, "dlv_2"))
    assert server(cloud)["sku_name"] == LARGE
    assert not handlers.is_asleep(deployment.tenant)


def follow(deployment: Deployment, delivery: str) -> Run:
    """What happens when it is said that the access of a tenant changed."""
    tenant = deployment.tenant.public_id
    said = AccessChanged(
        tenant=tenant, subscription="sub_1", plan="business", version=2
    )
    handlers.fit_to_subscription(said, delivery)
    return Run.objects.get(trigger=delivery)


def alone(run: Run) -> Run:
    """To its end without a person: nobody is there when a customer pays at night."""
    assert work(run.public_id)
    run.refresh_from_db()
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    return run


def server(cloud: Path) -> dict[str, Any]:
    """The database server as the simulator keeps it."""
    query = "SELECT body FROM objects WHERE type = 'azurerm_postgresql_flexible_server'"
    with closing(sqlite3.connect(cloud)) as opened:
        ((body,),) = opened.execute(query)
    kept: dict[str, Any] = json.loads(body)
    return kept


def finished(run: Run) -> Run:
    """Run it to its end; where a gate asks for a person, one approves."""
    assert work(run.public_id)
    run.refresh_from_db()
    if run.state == RunState.WAITING:
        confirm(run)
        assert work(run.public_id)
        run.refresh_from_db()
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    return run


def existing(cloud: Path) -> list[str]:
    """Types of all that the simulator says exists."""
    with closing(sqlite3.connect(cloud)) as opened:
        return [str(row[0]) for row in opened.execute("SELECT type FROM objects")]
