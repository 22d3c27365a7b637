"""Tools over the protocol: what is listed, what a call gives, how it is refused."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.core import signing

from agents.actions import StopAgent
from agents.mcp import calling
from agents.models import Agent
from agents.tools.catalogue import tools_here
from examples.storefront.models import Order
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import CONTROL, Place, plane
from tests.agents.conftest import CANCEL, READ, issue, last_entry
from tests.mcp.wire import Wire

pytestmark = pytest.mark.mcp
MISTAKE = {"reason": "ordered_by_mistake"}


def listed(wire: Wire) -> dict[str, Any]:
    return {tool["name"]: tool for tool in wire.ask("tools/list").result["tools"]}


def test_an_agent_is_offered_what_its_grants_allow_and_nothing_else(
    wire: Wire, pending: Order
) -> None:
    told = wire.ask("tools/list")
    assert told.result["cacheScope"] == "private"
    names = [tool["name"] for tool in told.result["tools"]]
    assert {"cancel_order", "get_order", "list_orders", "count_orders"} <= set(names)
    assert not any("product" in name for name in names)
    assert names == sorted(names)


def test_a_tool_that_acts_takes_a_key_and_can_be_tried(
    wire: Wire, pending: Order
) -> None:
    tool = listed(wire)["cancel_order"]
    taken = tool["inputSchema"]
    assert "idempotency_key" in taken["required"]
    assert taken["properties"]["dry_run"]["type"] == "boolean"
    assert (
        "idempotency_key" not in listed(wire)["get_order"]["inputSchema"]["properties"]
    )


def test_no_action_has_an_argument_of_the_protocols(
    control: Place, in_a: Place
) -> None:
    for place in (in_a, CONTROL):
        with plane(place):
            for tool in tools_here().values():
                told = calling.described(tool)
                jsonschema.Draft202012Validator.check_schema(told["inputSchema"])
                jsonschema.Draft202012Validator.check_schema(told["outputSchema"])


def test_what_is_read_fits_the_schema_and_comes_as_text_too(
    wire: Wire, pending: Order
) -> None:
    told = wire.call("list_orders").result
    assert told["isError"] is False
    shown = told["structuredContent"]
    assert [row["id"] for row in shown["rows"]] == [pending.public_id]
    assert json.loads(told["content"][0]["text"]) == shown
    jsonschema.validate(shown, listed(wire)["list_orders"]["outputSchema"])


def test_the_same_key_is_one_effect_though_each_request_has_a_new_id(
    wire: Wire, pending: Order
) -> None:
    asked = {"id": pending.public_id, **MISTAKE, "idempotency_key": "k1"}
    first = wire.call("cancel_order", **asked).structured
    again = wire.call("cancel_order", **asked).structured
    assert (first["outcome"], again["outcome"]) == ("done", "repeated")
    assert first["result"] == again["result"]
    done = AuditEntry.objects.filter(
        action="storefront.cancel_order",
        target=f"storefront.order:{pending.public_id}",
        outcome="done",
    )
    assert done.count() == 1
    schema = listed(wire)["cancel_order"]["outputSchema"]
    jsonschema.validate(first, schema)
    jsonschema.validate(again, schema)


def test_a_dry_run_shows_and_does_nothing(wire: Wire, pending: Order) -> None:
    shown = wire.call(
        "cancel_order",
        id=pending.public_id,
        **MISTAKE,
        idempotency_key="k1",
        dry_run=True,
    ).structured
    assert shown["outcome"] == "dry_run"
    assert ("state", "pending", "cancelled") in {
        (one["field"], one["before"], one["after"]) for one in shown["changes"]
    }
    jsonschema.validate(shown, listed(wire)["cancel_order"]["outputSchema"])
    pending.refresh_from_db()
    assert pending.state == "pending"


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({}, "idempotency_key"),
        ({"idempotency_key": "two words"}, "idempotency_key"),
        ({"idempotency_key": 7}, "schema"),
        ({"idempotency_key": "k", "dry_run": "yes"}, "schema"),
        ({"idempotency_key": "k", "force": True}, "schema"),
        ({"idempotency_key": "k", "reason": "bored"}, "schema"),
    ],
)
def test_a_refusal_is_a_result_that_says_what_to_do(
    arguments: dict[str, Any], rule: str, wire: Wire, pending: Order
) -> None:
    told = wire.call(
        "cancel_order", **{"id": pending.public_id, **MISTAKE, **arguments}
    )
    assert (told.status, told.result["isError"]) == (200, True)
    assert told.structured["rule"] == rule
    assert rule in told.result["content"][0]["text"]
    assert rule in last_entry(outcome="denied").body
    pending.refresh_from_db()
    assert pending.state == "pending"


def test_the_state_of_a_row_refuses_with_its_rule(wire: Wire, pending: Order) -> None:
    asked = {"id": pending.public_id, **MISTAKE}
    wire.call("cancel_order", **asked, idempotency_key="k1")
    told = wire.call("cancel_order", **asked, idempotency_key="k2")
    assert (told.result["isError"], told.structured["code"]) == (True, "illegal_move")


def test_a_missing_row_and_a_hidden_one_are_the_same(
    wire: Wire, pending: Order, orders: list[Order]
) -> None:
    told = [
        wire.call("get_order", id=id).result
        for id in (orders[0].public_id, "ord_00000000000000000000000000")
    ]
    assert told[0] == told[1]
    assert told[0]["structuredContent"]["code"] == "not_found"


def test_a_hidden_tool_is_as_unknown_as_one_that_is_not(
    wire: Wire, pending: Order, shopkeeper: Actor, helper: Agent
) -> None:
    token = issue(helper, shopkeeper, READ, "storefront.view_product").secret
    wide = Wire(token)
    told = [wide.call(name) for name in ("list_products", "list_nothing")]
    assert [(one.status, one.error["code"]) for one in told] == [(400, -32602)] * 2
    words = [one.error["message"].partition(":")[0] for one in told]
    assert words == ["Unknown tool"] * 2
    assert (
        AuditEntry.objects.filter(action="agents.call", outcome="denied").count() == 2
    )


def test_a_token_without_the_scope_is_told_all_that_it_lacks(
    pending: Order, shopkeeper: Actor, helper: Agent
) -> None:
    narrow = Wire(issue(helper, shopkeeper, READ).secret)
    told = narrow.call("cancel_order", id=pending.public_id, **MISTAKE)
    challenge = told.headers["WWW-Authenticate"]
    assert told.status == 403
    assert 'error="insufficient_scope"' in challenge
    assert f'scope="{CANCEL} {READ}"' in challenge
    assert "cancel_order" not in listed(narrow)


@pytest.mark.parametrize("header", [None, "", "Bearer x", "Basic eDp5"])
def test_without_a_good_token_it_is_said_where_to_get_one(
    header: str | None, wire: Wire
) -> None:
    told = wire.ask("tools/list", headers={"authorization": header})
    challenge = told.headers["WWW-Authenticate"]
    assert told.status == 401
    assert "/.well-known/oauth-protected-resource/mcp" in challenge
    assert "scope=" in challenge


def test_a_stopped_agent_is_out_at_once(
    wire: Wire, helper: Agent, shopkeeper: Actor
) -> None:
    assert wire.ask("tools/list").status == 200
    perform(StopAgent, helper, actor=shopkeeper)
    assert wire.ask("tools/list").status == 401


def test_a_token_is_unknown_at_another_tenants_host(wire: Wire) -> None:
    assert Wire(wire.token, "tb.localhost").ask("tools/list").status == 401


def test_resources_are_the_schemas_that_this_agent_meets(
    wire: Wire, pending: Order
) -> None:
    found = wire.ask("resources/list").result["resources"]
    uris = {one["uri"] for one in found}
    order = "paybill://schemas/models/storefront.order"
    assert order in uris
    assert not any("product" in uri for uri in uris)
    (content,) = wire.ask("resources/read", {"uri": order}).result["contents"]
    assert "state" in json.loads(content["text"])["properties"]
    gone = wire.ask(
        "resources/read", {"uri": "paybill://schemas/models/storefront.product"}
    )
    assert (gone.status, gone.error["code"]) == (400, -32602)
    templates = wire.ask("resources/templates/list").result["resourceTemplates"]
    ref = {"type": "ref/resource", "uri": templates[0]["uriTemplate"]}
    done = wire.ask(
        "completion/complete", {"ref": ref, "argument": {"name": "x", "value": "sto"}}
    )
    assert done.result["completion"]["values"] == [
        value for value in ("storefront.order",) if "models" in ref["uri"]
    ]


def test_cursors_of_rest_are_none_here(wire: Wire) -> None:
    foreign = signing.dumps("a", salt="agents.cursor")
    assert wire.ask("tools/list", {"cursor": foreign}).error["code"] == -32602
