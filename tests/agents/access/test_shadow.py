"""Rules in shadow: on record, and without effect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.dispatch import call
from agents.models import Agent
from agents.states import RuleState
from examples.storefront.models import Order
from paybill_site.kernel.errors import PaybillError
from tests.agents.access.test_rules import PENDING, a_rule
from tests.agents.conftest import CANCEL, READ, Enter, Grant, last_entry


def said(**where: Any) -> Any:
    _, _, text = last_entry(**where).body.partition("\n")
    return json.loads(text).get("shadow")


def test_a_rule_in_shadow_tells_what_it_would_have_opened(
    helper: Agent, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0])
    rule = a_rule(helper, PENDING, state=RuleState.SHADOW)
    known, hidden = orders[0].public_id, orders[2].public_id
    actor = enter()
    with pytest.raises(PaybillError):
        call(actor, "get_order", {"id": hidden})
    name = f"{rule.public_id}@1"
    assert said(outcome="read") == {"rules": [name], "would": "allow"}
    call(actor, "get_order", {"id": known})
    assert said() == {"rules": [name], "would": "same"}
    rows = call(actor, "list_orders", {}).result["rows"]
    assert [row["id"] for row in rows] == [known]
    assert said() == {"rules": [name], "would": "more"}


def test_a_tool_that_only_a_rule_in_shadow_would_offer_is_denied(
    helper: Agent, orders: list[Order], enter: Enter
) -> None:
    rule = a_rule(helper, PENDING, state=RuleState.SHADOW)
    with pytest.raises(PaybillError):
        call(enter(), "list_orders", {})
    assert said() == {"rules": [f"{rule.public_id}@1"], "would": "allow"}


def test_an_act_that_is_refused_says_that_a_rule_would_have_allowed_it(
    helper: Agent, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    grant(CANCEL, orders[0])
    a_rule(helper, PENDING, state=RuleState.SHADOW, permission=CANCEL)
    arguments = {"id": orders[2].public_id, "reason": "out_of_stock"}
    with pytest.raises(PaybillError):
        call(enter(), "cancel_order", arguments, key="k")
    assert said()["would"] == "allow"
    orders[2].refresh_from_db()
    assert orders[2].state == "pending"


def test_without_a_rule_in_shadow_nothing_is_asked_or_told(
    helper: Agent,
    orders: list[Order],
    grant: Grant,
    enter: Enter,
    django_assert_num_queries: Any,
) -> None:
    grant(READ)
    a_rule(helper, PENDING)
    call(enter(), "list_orders", {})
    assert said() is None
