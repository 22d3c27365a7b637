"""A silo tenant: a server and a process of its own, and no key of the control plane."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest
from django.conf import settings

from paybill_site.local import units
from paybill_site.local.places import Places
from provisioning.models import Deployment, Run
from provisioning.runner.work import work
from provisioning.states import DeploymentState, RunState
from tenants import handlers
from tenants.events import EntitlementChanged
from tenants.models import Domain, Entitlement, Placement, Tenant
from tenants.states import TenantState
from tests.provisioning.conftest import Entitle, queue, wait_for

pytestmark = pytest.mark.slow


def test_a_silo_is_built_bootstrapped_licensed_and_taken_down(
    web: str, machine: Places, entitle: Entitle
) -> None:
    deployment = entitle("silo")
    run = finished(queue(deployment))
    assert run.changes["add"] == 2

    placement = Placement.objects.get(tenant=deployment.tenant)
    domain = Domain.objects.get(tenant=placement)
    assert placement.base_url == f"http://{domain.domain}:{domain.port}"
    live = f"http://127.0.0.1:{domain.port}/health/live"
    assert wait_for(lambda: answers(live), "the silo's process")

    server, service = sorted(units.ask(machine, {"verb": "list"})["units"], key=kind)
    environment = json.loads(Path(service["environment"]).read_text())
    assert server["id"].startswith("pg_")
    assert "PAYBILL_ENTRY_KEY" not in environment
    assert "PAYBILL_LICENCE_KEY" not in environment
    assert settings.PAYBILL_KEYS["data"][0] not in environment.values()

    Entitlement.objects.update(version=2)
    changed = EntitlementChanged(tenant=deployment.tenant.public_id, version=2)
    handlers.follow_entitlement(changed, "dlv_1")  # it is told over HTTP

    Tenant.objects.update(state=TenantState.CLOSING)
    finished(queue(deployment, operation="destroy"))
    assert Deployment.objects.get().state == DeploymentState.GONE
    assert units.ask(machine, {"verb": "list"})["units"] == []
    assert not answers(live)


def finished(run: Run) -> Run:
    assert work(run.public_id)
    run.refresh_from_db()
    assert run.state == RunState.APPLIED, (run.explanation, run.traceback)
    return run


def kind(unit: dict[str, str]) -> str:
    return unit["kind"]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
