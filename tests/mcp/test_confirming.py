"""What is careful asks the user first, where the client can ask; once, and sealed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agents import dispatch
from agents.answers import Answer
from agents.mcp import confirming, states
from agents.models import Agent, RecordedCall
from examples.storefront.models import Order, Refund, Variant
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import OutboxEvent
from tests.agents.conftest import CANCEL, READ, Grant, issue, last_entry
from tests.cast import fresh_cache
from tests.mcp.wire import ELICITS, Told, Wire

pytestmark = pytest.mark.mcp
STOCK = "storefront.view_variant"
YES: dict[str, Any] = {"confirm": {"action": "accept", "content": {"confirm": True}}}
NO: dict[str, Any] = {"confirm": {"action": "decline"}}


def wish(order: Order, key: str = "k1", **more: Any) -> dict[str, Any]:
    given = {"id": order.public_id, "reason": "ordered_by_mistake", **more}
    return {"name": "cancel_order", "arguments": {**given, "idempotency_key": key}}


def reply(
    wire: Wire, asked: Told, params: dict[str, Any], said: dict[str, Any]
) -> Told:
    """The same request again, with the state and what the user said."""
    state = asked.result["requestState"]
    return wire.ask(
        "tools/call", {**params, "inputResponses": said, "requestState": state}
    )


@pytest.fixture
def chat(wire: Wire) -> Wire:
    """A client that can ask its user."""
    wire.can = ELICITS
    return wire


def question(asked: Told) -> str:
    """What the user reads."""
    text: str = asked.result["inputRequests"]["confirm"]["params"]["message"]
    return text


def restock(order: Order) -> None:
    """Somebody else moves what the cancellation would move."""
    variant = Variant.objects.get(pk=order.items.values("variant")[:1])
    variant.stock = (variant.stock or 0) + 5
    variant.save()


def state_of(order: Order) -> str:
    order.refresh_from_db()
    return order.state


def test_the_user_sees_what_will_change_and_says_yes(
    chat: Wire, pending: Order
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    assert asked.result["resultType"] == "input_required"
    line = f"storefront.order:{pending.public_id} state: pending -> cancelled"
    assert line in question(asked)
    assert state_of(pending) == "pending"
    done = reply(chat, asked, wish(pending), YES)
    assert done.structured["outcome"] == "done"
    assert state_of(pending) == "cancelled"


@pytest.mark.parametrize(
    "said",
    [
        NO,
        {"confirm": {"action": "cancel"}},
        {"confirm": {"action": "accept", "content": {"confirm": False}}},
        {"confirm": {"action": "accept", "content": {"confirm": "true"}}},
        {"confirm": {"action": "accept"}},
        {"confirm": {}},
    ],
)
def test_anything_but_a_clear_yes_is_a_no(
    said: dict[str, Any], chat: Wire, pending: Order
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    told = reply(chat, asked, wish(pending), said)
    assert (told.result["isError"], told.structured["code"]) == (True, "declined")
    assert state_of(pending) == "pending"
    assert "confirmation" in last_entry(outcome="denied").body


def test_no_answer_is_asked_for_again(chat: Wire, pending: Order) -> None:
    asked = chat.ask("tools/call", wish(pending))
    again = reply(chat, asked, wish(pending), {"other": {"action": "accept"}})
    assert again.result["resultType"] == "input_required"
    assert reply(chat, again, wish(pending), YES).structured["outcome"] == "done"


def test_a_yes_that_is_sent_twice_is_one_effect(chat: Wire, pending: Order) -> None:
    asked = chat.ask("tools/call", wish(pending))
    first = reply(chat, asked, wish(pending), YES)
    events = OutboxEvent.objects.count()
    again = reply(chat, asked, wish(pending), YES)
    assert first.structured["outcome"] == "done"
    assert again.structured["outcome"] == "repeated"
    assert OutboxEvent.objects.count() == events


def test_a_call_that_was_done_is_repeated_without_asking_again(
    chat: Wire, pending: Order
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    done = reply(chat, asked, wish(pending), YES).structured
    again = chat.ask("tools/call", wish(pending)).structured
    assert (done["outcome"], again["outcome"]) == ("done", "repeated")
    assert again["result"] == done["result"]


@pytest.mark.parametrize("key", ["", "two words"])
def test_without_a_good_key_nobody_is_asked(
    key: str, chat: Wire, pending: Order
) -> None:
    told = chat.ask("tools/call", wish(pending, key))
    assert told.structured["rule"] == "idempotency_key"


def test_after_a_no_the_same_question_takes_no_yes(chat: Wire, pending: Order) -> None:
    asked = chat.ask("tools/call", wish(pending))
    reply(chat, asked, wish(pending), NO)
    told = reply(chat, asked, wish(pending), YES)
    assert (told.status, told.error["code"]) == (400, -32602)
    assert state_of(pending) == "pending"


def test_a_yes_is_for_these_arguments_and_this_key_alone(
    chat: Wire, pending: Order, orders: list[Order], grant: Grant
) -> None:
    grant(READ, orders[3])
    grant(CANCEL, orders[3])
    asked = chat.ask("tools/call", wish(pending))
    for other in (
        wish(orders[3]),
        wish(pending, "k2"),
        wish(pending, reason="out_of_stock"),
    ):
        told = reply(chat, asked, other, YES)
        assert (told.status, told.error["code"]) == (400, -32602)
    assert (state_of(pending), state_of(orders[3])) == ("pending", "pending")


def test_a_state_is_of_no_use_to_another_token_or_agent(
    chat: Wire, pending: Order, helper: Agent, shopkeeper: Actor
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    other = Wire(issue(helper, shopkeeper, READ, CANCEL).secret, can=ELICITS)
    told = reply(other, asked, wish(pending), YES)
    assert (told.status, told.error["code"]) == (400, -32602)
    assert state_of(pending) == "pending"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "-TAMPERED",
        lambda text: text[:-8] + "AAAAAAA=",
        lambda text: text[:40] + ("A" if text[40] != "A" else "B") + text[41:],
        lambda text: "",
        lambda text: "x" * 50_000,
        lambda text: "é",
        lambda text: 7,
    ],
)
def test_a_state_that_was_touched_is_refused(
    change: Any, chat: Wire, pending: Order
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    touched = change(asked.result["requestState"])
    told = chat.ask(
        "tools/call",
        {**wish(pending), "inputResponses": YES, "requestState": touched},
    )
    assert (told.status, told.error["code"]) == (400, -32602)
    assert state_of(pending) == "pending"


def test_a_question_is_over_after_ten_minutes(
    chat: Wire, pending: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    later = time.time() + states.SECONDS + 1
    monkeypatch.setattr("agents.mcp.states.time.time", lambda: later)
    told = reply(chat, asked, wish(pending), YES)
    assert (told.status, told.error["code"]) == (400, -32602)
    assert state_of(pending) == "pending"


def test_what_changed_meanwhile_is_refused_shown_and_asked_again(
    pending: Order, grant: Grant, helper: Agent, shopkeeper: Actor
) -> None:
    grant(STOCK)
    token = issue(helper, shopkeeper, READ, CANCEL, STOCK).secret
    chat = Wire(token, can=ELICITS)
    asked = chat.ask("tools/call", wish(pending))
    restock(pending)
    again = reply(chat, asked, wish(pending), YES)
    assert again.result["resultType"] == "input_required"
    assert question(again).startswith(confirming.ANEW)
    assert question(again) != question(asked)
    assert state_of(pending) == "pending"
    assert '"rule":"not_as_shown"' in last_entry(outcome="denied").body
    # The key is still good: nothing was done under it.
    assert reply(chat, again, wish(pending), YES).structured["outcome"] == "done"
    assert '"confirmed":' in last_entry(outcome="done").body


def test_what_changes_in_the_last_moment_is_not_done_behind_the_users_back(
    chat: Wire, pending: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    made, events = Refund.objects.count(), OutboxEvent.objects.count()

    def late(*words: Any, **more: Any) -> Answer:
        monkeypatch.undo()
        restock(pending)
        return dispatch.call(*words, **more)

    monkeypatch.setattr(dispatch, "call", late)
    again = reply(chat, asked, wish(pending), YES)
    assert again.result["resultType"] == "input_required"
    # The stock is nothing that this agent may read, so it is told nothing of it.
    assert question(again) == f"{confirming.ANEW}\n{question(asked)}"
    assert state_of(pending) == "pending"
    assert (Refund.objects.count(), OutboxEvent.objects.count()) == (made, events)


def test_a_yes_to_what_the_server_forgot_is_asked_for_again(
    chat: Wire, pending: Order
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    fresh_cache()
    again = reply(chat, asked, wish(pending), YES)
    assert again.result["resultType"] == "input_required"
    assert state_of(pending) == "pending"
    assert reply(chat, again, wish(pending), YES).structured["outcome"] == "done"


def test_a_refusal_of_the_conversation_is_no_decision_to_be_replayed(
    chat: Wire, pending: Order
) -> None:
    asked = chat.ask("tools/call", wish(pending))
    restock(pending)
    again = reply(chat, asked, wish(pending), YES)
    assert not RecordedCall.objects.exists()
    reply(chat, again, wish(pending), YES)
    assert RecordedCall.objects.get().outcome == "done"


def test_a_client_that_can_not_ask_is_not_asked(wire: Wire, pending: Order) -> None:
    unable: list[dict[str, Any]] = [{}, {"elicitation": {"url": {}}}, {"sampling": {}}]
    for can in unable:
        wire.can = can
        shown = wire.ask("tools/call", wish(pending, dry_run=True))
        assert shown.structured["outcome"] == "dry_run"
    assert wire.ask("tools/call", wish(pending)).structured["outcome"] == "done"


def test_what_is_refused_anyway_asks_nobody(
    chat: Wire, orders: list[Order], grant: Grant
) -> None:
    grant(READ, orders[2])
    grant(CANCEL, orders[3])
    told = chat.ask("tools/call", wish(orders[2]))
    assert told.result["isError"] is True
    assert told.result["resultType"] == "complete"
    assert chat.ask("tools/call", wish(orders[2], key="")).structured["rule"]


def test_reading_asks_nobody(chat: Wire, pending: Order) -> None:
    assert chat.call("get_order", id=pending.public_id).structured["state"] == "pending"
