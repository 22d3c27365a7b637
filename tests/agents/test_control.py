"""An agent of the control plane reads runs and proposes; nothing lets it do more."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from agents.actions import CreateAgent, GrantAccess
from agents.dispatch import call
from agents.errors import NotGrantable
from agents.models import Agent
from agents.proposals.kinds import PROPOSABLE
from agents.tools.catalogue import Verb, tools_here
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import Place
from provisioning.models import Deployment, Run, RunPhase
from tenants.models import Tenant
from tenants.states import Isolation
from tests.agents.conftest import issue
from tests.agents.test_catalogue import OWN_TOOLS

SEES = ("provisioning.view_run", "provisioning.view_deployment")


@pytest.fixture
def watcher(operator: Actor) -> Agent:
    """An agent that may read every run and every deployment."""
    agent: Agent = perform(
        CreateAgent, None, {"name": "Watcher"}, actor=operator
    ).result
    for permission in SEES:
        data = {"permission": permission, "everything": True}
        perform(GrantAccess, agent, data, actor=operator)
    return agent


@pytest.fixture
def run(tenant: Tenant) -> Run:
    """A run that failed in its first phase."""
    deployment = Deployment.objects.create(tenant=tenant, kind=Isolation.BRIDGE)
    run = Run.objects.create(
        deployment=deployment, operation="apply", trigger="t1", explanation="no disk"
    )
    RunPhase.objects.create(run=run, name="plan")
    return run


def listed(web: Client, header: dict[str, str], tool: str, **asked: Any) -> Any:
    address = f"/api/agents/tools/{tool}/calls"
    body = {"arguments": asked}
    return web.post(address, body, content_type="application/json", headers=header)


def test_it_reads_runs_with_their_phases(
    watcher: Agent, operator: Actor, run: Run
) -> None:
    secret = issue(watcher, operator, *SEES).secret
    web = Client(SERVER_NAME=settings.CONTROL_HOST)
    header = {"authorization": f"Bearer {secret}"}
    names = [
        t["name"] for t in web.get("/api/agents/tools", headers=header).json()["tools"]
    ]
    assert [name for name in names if name not in OWN_TOOLS] == [
        "count_deployments",
        "count_runs",
        "get_deployment",
        "get_run",
        "list_deployments",
        "list_runs",
    ]
    asked = {"deployment": run.deployment.public_id}
    (row,) = listed(web, header, "list_runs", **asked).json()["result"]["rows"]
    assert (row["id"], row["explanation"]) == (run.public_id, "no disk")
    shown = listed(web, header, "get_run", id=run.public_id).json()["result"]
    assert [phase["name"] for phase in shown["phases"]] == ["plan"]


def test_all_that_an_agent_can_do_to_infrastructure_is_to_propose(
    control: Place,
) -> None:
    acting = {name for name, tool in tools_here().items() if tool.verb is Verb.ACT}
    verbs = {name.rpartition(".")[2] for name in PROPOSABLE}
    assert acting - set(OWN_TOOLS) == {f"propose_{verb}" for verb in verbs}


@pytest.mark.parametrize(
    "permission",
    [
        "provisioning.confirm_run",
        "provisioning.cancel_run",
        "tenants.close_tenant",
        "storefront.view_order",
    ],
)
def test_it_can_not_be_granted_more(
    permission: str, watcher: Agent, operator: Actor
) -> None:
    data = {"permission": permission, "everything": True}
    with pytest.raises(NotGrantable):
        perform(GrantAccess, watcher, data, actor=operator)


def test_an_agent_without_a_grant_sees_no_run(agent: Actor, run: Run) -> None:
    with pytest.raises(PaybillError) as refusal:
        call(agent, "list_runs", {})
    assert refusal.value.members["rule"] == "permission"
