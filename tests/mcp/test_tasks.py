"""Approvals as tasks: durable, polled, and of no use to anybody else."""

from __future__ import annotations

from typing import Any

import pytest

from agents.actions.approvals import ApproveCall, RefuseCall
from agents.models import Agent, Approval
from examples.storefront.actions import CancelOrder
from examples.storefront.models import Order
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from tests.agents.conftest import CANCEL, READ, issue
from tests.mcp.wire import WAITS, Wire

pytestmark = pytest.mark.mcp


@pytest.fixture
def boss(in_a: Any) -> Actor:
    """A person who may decide, sees all of it, and is not behind the agent."""
    grants = {"agents.decide_approval", "agents.view_approval"}
    for row in ("orderpayment", "paymentmethod", "orderitem", "variant", "refund"):
        grants.add(f"storefront.view_{row}")
    return Actor(
        kind=Kind.PERSON,
        id="usr_0000000000000000000000boss",
        label="boss@example.com",
        grants=frozenset({*grants, READ, CANCEL}),
        via="session",
    )


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person has to agree to every cancellation."""
    asks = staticmethod(lambda moment: "it is the last one")
    monkeypatch.setattr(CancelOrder, "approval", asks, raising=False)


@pytest.fixture
def patient(wire: Wire, guarded: None) -> Wire:
    wire.can = WAITS
    return wire


def wish(order: Order, key: str = "k1") -> dict[str, Any]:
    given = {"id": order.public_id, "reason": "ordered_by_mistake"}
    return {"name": "cancel_order", "arguments": {**given, "idempotency_key": key}}


def test_a_task_exists_before_its_name_is_told(patient: Wire, pending: Order) -> None:
    told = patient.ask("tools/call", wish(pending)).result
    assert (told["resultType"], told["status"]) == ("task", "working")
    assert "agree" in told["statusMessage"]
    approval = Approval.objects.get(public_id=told["taskId"])
    assert told["ttlMs"] > 0
    assert isinstance(told["pollIntervalMs"], int)
    look = patient.ask("tasks/get", {"taskId": approval.public_id}).result
    assert (look["resultType"], look["status"]) == ("complete", "working")
    assert "result" not in look
    pending.refresh_from_db()
    assert pending.state == "pending"


def test_after_a_persons_yes_the_task_has_the_result(
    patient: Wire, pending: Order, boss: Actor
) -> None:
    id = patient.ask("tools/call", wish(pending)).result["taskId"]
    perform(ApproveCall, id, {}, actor=boss)
    outbox.drain()
    look = patient.ask("tasks/get", {"taskId": id}).result
    assert look["status"] == "completed", look
    assert look["result"]["isError"] is False, look
    assert look["result"]["structuredContent"]["result"]["state"] == "cancelled"
    pending.refresh_from_db()
    assert pending.state == "cancelled"
    again = patient.ask("tools/call", wish(pending)).structured
    assert again["outcome"] == "repeated"


def test_after_a_persons_no_the_task_says_why(
    patient: Wire, pending: Order, boss: Actor
) -> None:
    id = patient.ask("tools/call", wish(pending)).result["taskId"]
    perform(RefuseCall, id, {"reason": "ask her first"}, actor=boss)
    look = patient.ask("tasks/get", {"taskId": id}).result
    assert (look["status"], look["result"]["isError"]) == ("completed", True)
    assert "ask her first" in look["result"]["content"][0]["text"]


def test_a_task_is_cancelled_once_and_for_all(patient: Wire, pending: Order) -> None:
    id = patient.ask("tools/call", wish(pending)).result["taskId"]
    for _ in range(2):
        told = patient.ask("tasks/cancel", {"taskId": id}).result
        assert told["resultType"] == "complete"
    assert patient.ask("tasks/get", {"taskId": id}).result["status"] == "cancelled"


def test_a_task_asks_nothing_so_there_is_nothing_to_update(
    patient: Wire, pending: Order
) -> None:
    id = patient.ask("tools/call", wish(pending)).result["taskId"]
    told = patient.ask("tasks/update", {"taskId": id, "inputResponses": {}})
    assert (told.status, told.error["code"]) == (400, -32602)


@pytest.mark.parametrize("method", ["tasks/get", "tasks/cancel", "tasks/update"])
def test_the_name_of_a_task_is_no_right_to_it(
    method: str,
    patient: Wire,
    pending: Order,
    shopkeeper: Actor,
    other_agent: Agent,
) -> None:
    id = patient.ask("tools/call", wish(pending)).result["taskId"]
    stranger = Wire(issue(other_agent, shopkeeper, READ, CANCEL).secret, can=WAITS)
    missing = "apr_00000000000000000000000000"
    told = [stranger.ask(method, {"taskId": one}) for one in (id, missing, "x")]
    assert {(one.status, one.error["code"]) for one in told} == {(400, -32602)}
    assert len({one.error["message"] for one in told}) == 1
    assert Approval.objects.get(public_id=id).state == "waiting"


@pytest.mark.parametrize("method", ["tasks/get", "tasks/cancel", "tasks/update"])
def test_who_does_not_know_tasks_is_told_what_is_missing(
    method: str, wire: Wire
) -> None:
    told = wire.ask(method, {"taskId": "apr_00000000000000000000000000"})
    needed = told.error["data"]["requiredCapabilities"]
    assert (told.status, told.error["code"]) == (400, -32021)
    assert "io.modelcontextprotocol/tasks" in needed["extensions"]


def test_without_tasks_the_text_says_how_to_look(
    wire: Wire, guarded: None, pending: Order
) -> None:
    told = wire.ask("tools/call", wish(pending)).result
    assert (told["resultType"], told["isError"]) == ("complete", False)
    shown = told["structuredContent"]
    assert shown["outcome"] == "awaiting_approval"
    assert "get_approval" in told["content"][0]["text"]
    look = wire.call("get_approval", id=shown["approval"]).structured
    assert look["state"] == "waiting"
    assert wire.ask("tools/call", wish(pending)).structured == shown
