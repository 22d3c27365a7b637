"""Every tool is run: what was said of it is true, and its answer fits its schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import jsonschema  # type: ignore[import-untyped]
from django.apps import apps

from agents.auth import actor_of
from agents.dispatch import call
from agents.models import WorkflowRun
from agents.tools.catalogue import Tool, Verb, tools_here
from agents.tools.offer import admitted, tools_for
from agents.tools.reading import answer
from billing.models.subscriptions import Subscription
from examples.storefront.models import Order
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import Delivery
from paybill_site.kernel.planes import Place
from provisioning.models import Deployment, Run, RunPhase
from tenants.models import Tenant
from tenants.states import Isolation
from tests.agents.conftest import issue
from tests.agents.test_control import run, watcher  # noqa: F401
from tests.agents.tools.conftest import permissions
from tests.agents.tools.world import ACTS, World, key, overwritten, rows
from tests.billing.conftest import basic, turn, unpaid  # noqa: F401


def judged(tool: Tool, result: Any) -> list[str]:
    """What an independent judge finds wrong with an answer."""
    judge = jsonschema.Draft202012Validator(
        tool.described()["outputSchema"],
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    return [error.message for error in judge.iter_errors(result)]


def acting(actor: Actor) -> Iterator[Tool]:
    offered = [tool for tool in tools_for(actor) if not tool.reads]
    untold = {tool.name for tool in offered} - ACTS.keys()
    assert untold == set(), "say in ACTS what these are asked"
    return iter(offered)


def test_each_tool_that_acts_is_described_as_it_is(world: World) -> None:
    for tool in acting(world.actor):
        hints, arguments = tool.annotations(), ACTS[tool.name](world)
        before, sent = rows(), Delivery.objects.count()
        done = call(world.actor, tool.name, arguments, key=key())
        after = rows()
        assert judged(tool, done.result) == [], tool.name
        assert not hints["readOnlyHint"]
        assert before != after, f"{tool.name} did nothing: this proves nothing"
        if not hints["destructiveHint"]:
            assert tool.action is not None
            told = tool.action.overwrites or frozenset[str]()
            assert overwritten(before, after) <= told, tool.name
        if not hints["openWorldHint"]:
            assert Delivery.objects.count() == sent, tool.name
        if hints["idempotentHint"]:
            with suppress(PaybillError):
                call(world.actor, tool.name, arguments, key=key())
            assert rows() == after, tool.name


def test_hints_that_promise_something_are_given(world: World) -> None:
    """Else the test above could not fail."""
    said = {tool.name: tool.annotations() for tool in acting(world.actor)}
    assert not said["start_cancellation"]["destructiveHint"]
    assert said["cancel_pending_order"]["idempotentHint"]
    assert said["update_customer"] == {
        "readOnlyHint": False,
        "destructiveHint": True,
        "idempotentHint": True,
        "openWorldHint": False,
    }


def test_a_tool_that_reads_writes_nothing_and_answers_as_it_said(
    world: World,
) -> None:
    world.approval()
    world.run("cancellation", world.delivered())
    before = rows()
    for tool in tools_for(world.actor):
        if not tool.reads:
            continue
        for arguments in asked(tool):
            question = tool.arguments.model_validate(arguments)
            # The database refuses every write in here.
            with planes.atomic(read_only=True):
                result = answer(tool, question, world.actor)
            assert judged(tool, result) == [], tool.name
            assert call(world.actor, tool.name, arguments).result == result
        assert tool.annotations()["readOnlyHint"]
    assert rows() == before


def asked(tool: Tool) -> Iterator[dict[str, Any]]:
    """Questions to a tool that reads: of every row, where it gets one."""
    if tool.verb is not Verb.GET:
        yield {}
        return
    found: Any = tool.model._default_manager.all()
    ids = [row.public_id for row in found[:20]]
    assert ids, f"there is no {tool.model._meta.verbose_name} to get"
    for public_id in ids:
        yield {"id": public_id}


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
    run = Run.objects.create(deployment=kept, operation="apply", trigger="t1")
    RunPhase.objects.create(run=run, name="plan")
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
    from agents.tools import reading  # noqa: PLC0415

    return reading.ANSWERS[tool.verb](tool, question, actor)


def test_every_tool_that_acts_says_what_it_returns(
    control: Place, tenant_a: Place
) -> None:
    """An action with words of its own declares its ``Output``."""
    for place in (control, tenant_a):
        with planes.plane(place):
            found = [tool for tool in tools_here().values() if not tool.reads]
        assert found
        for tool in found:
            returned = tool.described()["outputSchema"]
            assert returned["properties"]["id"]["pattern"], tool.name
            assert returned["additionalProperties"] is False, tool.name


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


def test_a_step_that_a_run_comes_back_to_is_not_idempotent(orders: list[Order]) -> None:
    assert WorkflowRun.objects.count() == 0
    for tool in tools_here().values():
        if tool.step and tool.action is not None:
            assert tool.annotations()["idempotentHint"]
