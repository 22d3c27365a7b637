"""Every tool is run: what was said of it is true, and its answer fits its schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from agents.dispatch import call
from agents.models import WorkflowRun
from agents.tools.catalogue import Tool, tools_here
from agents.tools.offer import tools_for
from agents.tools.reading import answer
from examples.storefront.models import Order
from paybill_site.kernel import planes
from paybill_site.kernel.actions import registry
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import Delivery, OutboxEvent
from paybill_site.kernel.planes import Place
from tests.agents.tools.judge import asked, judged
from tests.agents.tools.world import ACTS, World, key, overwritten, rows

SHOP = "storefront."


def acting(actor: Actor) -> Iterator[Tool]:
    offered = [tool for tool in tools_for(actor) if not tool.reads]
    untold = {tool.name for tool in offered} - ACTS.keys()
    assert untold == set(), "say in ACTS what these are asked"
    return iter(offered)


def test_each_tool_that_acts_is_described_as_it_is(world: World) -> None:
    for tool in acting(world.actor):
        hints, arguments = tool.annotations(), ACTS[tool.name](world)
        before, sent = rows(), Delivery.objects.count()
        events = OutboxEvent.objects.count()
        done = call(world.actor, tool.name, arguments, key=key())
        after = rows()
        assert judged(tool, done.result) == [], tool.name
        assert not hints["readOnlyHint"]
        assert before != after, f"{tool.name} did nothing: this proves nothing"
        assert tool.action is not None
        if not hints["destructiveHint"]:
            assert overwritten(before, after) == set(), tool.name
        if tool.action.overwrites is not None:
            changed = of_shop(overwritten(before, after))
            assert changed <= tool.action.overwrites, tool.name
        if tool.action.emits is not None:
            told = {event.name for event in tool.action.emits}
            assert shop_events(events) <= told, tool.name
        if not hints["openWorldHint"]:
            assert Delivery.objects.count() == sent, tool.name
        if hints["idempotentHint"]:
            with suppress(PaybillError):
                call(world.actor, tool.name, arguments, key=key())
            assert rows() == after, tool.name


def of_shop(fields: set[str]) -> set[str]:
    """Without the run that the step belongs to: that is the frame's."""
    return {name for name in fields if not name.startswith("agents.")}


def shop_events(known: int) -> set[str]:
    """What the shop sent after so many events, without those of the run."""
    sent = OutboxEvent.objects.order_by("pk").values_list("name", flat=True)[known:]
    return {name for name in sent if name.startswith(SHOP)}


def test_the_shop_tells_all_that_its_actions_overwrite_and_send() -> None:
    """So that the test above holds each of them to it."""
    shop = [a for a in registry.values() if a.agents and a.name.startswith(SHOP)]
    verbs = [a for a in shop if not a.__name__.startswith("Start")]
    assert verbs
    assert [a.name for a in verbs if None in (a.overwrites, a.emits)] == []


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


def test_a_step_that_a_run_comes_back_to_is_not_idempotent(orders: list[Order]) -> None:
    assert WorkflowRun.objects.count() == 0
    for tool in tools_here().values():
        if tool.step and tool.action is not None:
            assert tool.annotations()["idempotentHint"]
