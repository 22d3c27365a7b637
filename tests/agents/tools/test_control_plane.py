"""What agents meet in the control plane: they read and propose, as it was said."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from agents.auth import actor_of
from agents.dispatch import call
from agents.models import Agent
from agents.tools import reading
from agents.tools.catalogue import Tool, tools_here
from agents.tools.offer import admitted
from billing.models.subscriptions import Subscription
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.models import Delivery
from provisioning.models import Deployment, Run, RunPhase
from tenants.models import Tenant
from tenants.states import Isolation
from tests.agents.conftest import issue
from tests.agents.test_control import run, watcher  # noqa: F401
from tests.agents.tools.conftest import permissions
from tests.agents.tools.judge import asked, judged
from tests.agents.tools.world import key
from tests.billing.conftest import basic, turn, unpaid  # noqa: F401


def test_the_control_plane_answers_as_it_said(
    unpaid: Subscription,  # noqa: F811
    tenant: Tenant,
) -> None:
    drift = {
        "lines": [
            {"address": "aws_x.y", "attribute": "tags", "was": "s3cret", "is": "other",
             "since": "2026-11-21T00:00:00+00:00"},
        ],
        "more": 0,
    }  # fmt: skip
    kept = Deployment.objects.create(tenant=tenant, kind=Isolation.BRIDGE, drift=drift)
    row = Run.objects.create(deployment=kept, operation="apply", trigger="t1")
    RunPhase.objects.create(run=row, name="plan")
    grants = frozenset(tool.permission for tool in tools_here().values())
    agent = Actor(kind=Kind.OPERATOR, id="usr_x", grants=grants)
    for tool in tools_here().values():
        if not tool.reads or tool.model in apps.get_app_config("agents").get_models():
            continue
        for arguments in asked(tool):
            question = tool.arguments.model_validate(arguments)
            result = _read(tool, question, agent)
            assert judged(tool, result) == [], tool.name
            assert "s3cret" not in str(result)
            if tool.name == "get_invoice":
                assert result["lines"]
            if tool.name == "get_deployment":
                assert result["drift"]["lines"][0]["attribute"] == "tags"


def _read(tool: Tool, question: Any, actor: Actor) -> Any:
    """As the running code: no agent is behind this actor that the wall would know."""
    return reading.ANSWERS[tool.verb](tool, question, actor)


def test_a_proposal_changes_no_row_that_was_there(
    run: Run,  # noqa: F811
    watcher: Agent,  # noqa: F811
    operator: Actor,
) -> None:
    watcher.principal.user_permissions.add(*permissions("agents.add_proposal"))
    scopes = ("provisioning.view_run", "agents.add_proposal")
    actor = actor_of(issue(watcher, operator, *scopes).secret)[0]
    tool = admitted(actor, "propose_cancel_run")
    before, sent = Run.objects.values().get(), Delivery.objects.count()
    asked = {"id": run.public_id, "why": "Nobody waits for it any more."}
    done = call(actor, tool.name, asked, key=key())
    assert judged(tool, done.result) == []
    assert not tool.annotations()["destructiveHint"]
    assert (Run.objects.values().get(), Delivery.objects.count()) == (before, sent)
