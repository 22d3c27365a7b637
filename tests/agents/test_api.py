"""The REST edge, over HTTP on the tenant's host."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.actions import StopAgent
from agents.models import Agent
from examples.storefront.models import Order
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import Place
from tests.agents.conftest import CANCEL, READ, Grant, issue
from tests.agents.people import enter, person

TOOLS = "/api/agents/tools"
CALL = "/api/agents/tools/{}/calls"
JSON = "application/json"
type Header = dict[str, str]


@pytest.fixture
def web() -> Client:
    """A program on the network, at tenant A's host."""
    return Client(headers={"host": "ta.localhost"})


@pytest.fixture
def token(helper: Agent, shopkeeper: Actor) -> Header:
    return {"authorization": f"Bearer {issue(helper, shopkeeper, READ, CANCEL).secret}"}


def test_an_agent_finds_its_tools_and_calls_one(
    web: Client, token: Header, orders: list[Order], grant: Grant
) -> None:
    grant(READ, orders[2])
    grant(CANCEL, orders[2])
    answer = web.get(TOOLS, headers=token)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-cache"
    names = [tool["name"] for tool in answer.json()["tools"]]
    orders_ = [name for name in names if "order" in name]
    assert orders_ == ["cancel_order", "count_orders", "get_order", "list_orders"]
    body = {"arguments": {"id": orders[2].public_id, "reason": "out_of_stock"}}
    done = web.post(
        CALL.format("cancel_order"),
        body,
        content_type=JSON,
        headers={**token, "idempotency-key": "k1"},
    )
    assert done.status_code == 200, done.content
    assert done.json() == {
        "tool": "cancel_order",
        "dry_run": False,
        "repeated": False,
        "result": {"id": orders[2].public_id, "state": "cancelled"},
        "approval": "",
    }


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "refused"),
        ("[" * 20_000, 400, "refused"),
        ("[1]", 422, "invalid"),
        ('{"arguments": []}', 422, "invalid"),
        ('{"arguments": {}, "dry_run": "yes"}', 422, "invalid"),
        ('{"arguments": {}, "force": true}', 422, "invalid"),
        ('{"arguments": {"limit": 1e999}}', 422, "invalid"),
        ('{"arguments": {"limit": NaN}}', 400, "refused"),
        ('{"arguments": {"limit": ' + "9" * 5000 + "}}", 400, "refused"),
        ('{"arguments": {"\\ud800": 1}}', 422, "invalid"),
        ('{"arguments": {"a": "' + "x" * 70_000 + '"}}', 413, "too_large"),
    ],
)
def test_a_bad_body_is_a_problem_document(  # noqa: PLR0917
    body: str,
    status: int,
    code: str,
    web: Client,
    token: Header,
    orders: list[Order],
    grant: Grant,
) -> None:
    grant(READ)
    answer = web.post(
        CALL.format("list_orders"), body, content_type=JSON, headers=token
    )
    assert (answer.status_code, answer["Content-Type"]) == (
        status,
        "application/problem+json",
    )
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "x" * 9000, "Bearer ü"],
)
def test_without_a_good_token_nobody_is_let_in(
    header: str, web: Client, in_a: Place
) -> None:
    answer = web.get(TOOLS, headers={"authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["code"] == "unauthenticated"


def test_a_stopped_agent_is_out_at_once(
    web: Client, token: Header, helper: Agent, shopkeeper: Actor
) -> None:
    assert web.get(TOOLS, headers=token).status_code == 200
    perform(StopAgent, helper, actor=shopkeeper)
    assert web.get(TOOLS, headers=token).status_code == 401


def test_a_token_is_unknown_at_another_tenants_host(token: Header, web: Client) -> None:
    other = Client(headers={"host": "tb.localhost"})
    assert other.get(TOOLS, headers=token).status_code == 401


def test_an_unknown_tool_and_a_wrong_method_are_said_so(
    web: Client, token: Header
) -> None:
    unknown = web.post(CALL.format("drop"), {}, content_type=JSON, headers=token)
    assert (unknown.status_code, unknown.json()["rule"]) == (404, "tool")
    wrong = web.get(CALL.format("list_orders"), headers=token)
    assert wrong.status_code == 405
    odd = web.post(CALL.format("%00"), {}, content_type=JSON, headers=token)
    assert odd.status_code in {400, 404}


def test_the_same_row_is_missing_or_hidden_in_the_same_words(
    web: Client, token: Header, orders: list[Order], grant: Grant
) -> None:
    grant(READ, orders[0])
    answers = []
    for wanted in (orders[1].public_id, "ord_00000000000000000000000000"):
        body = {"arguments": {"id": wanted}}
        answer = web.post(
            CALL.format("get_order"), body, content_type=JSON, headers=token
        )
        answers.append((answer.status_code, answer.content))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


def test_a_program_of_the_owner_runs_agents_from_first_to_last(
    web: Client, orders: list[Order]
) -> None:
    owner = enter(web, person("owner"))
    made = send(owner, "agents", {"name": "Clerk"})
    assert made.status_code == 201
    agent = f"agents/{made.json()['id']}"
    send(owner, f"{agent}/grant", {"permission": READ, "everything": True})
    issued = send(owner, f"{agent}/tokens", {"scopes": [READ], "days": 1})
    assert (issued.status_code, issued["Cache-Control"]) == (201, "no-store")
    token = {"authorization": f"Bearer {issued.json()['token']}"}
    assert web.get(TOOLS, headers=token).status_code == 200
    (row,) = owner.get("/api/agent-tokens").json()["results"]
    assert (row["status"], "digest" in row) == ("active", False)
    assert send(owner, f"agent-tokens/{row['id']}/revoke", {}).status_code == 200
    assert web.get(TOOLS, headers=token).status_code == 401
    assert send(owner, f"{agent}/stop", {}).json()["state"] == "stopped"
    assert owner.get(f"/api/{agent}").json()["state"] == "stopped"


@pytest.mark.parametrize("body", [{}, {"scopes": []}, {"scopes": READ}, [1], '"x"'])
def test_a_bad_wish_for_a_token_is_a_problem_document(
    body: Any, web: Client, helper: Agent
) -> None:
    owner = enter(web, person("owner"))
    answer = send(owner, f"agents/{helper.public_id}/tokens", body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


def test_an_agents_token_opens_none_of_the_peoples_doors(
    web: Client, token: Header, helper: Agent
) -> None:
    for address in ("agents", "agent-tokens", f"agents/{helper.public_id}"):
        assert web.get(f"/api/{address}", headers=token).status_code == 401
    answer = web.post(
        f"/api/agents/{helper.public_id}/tokens",
        {"scopes": [READ]},
        content_type=JSON,
        headers=token,
    )
    assert answer.status_code == 401


def send(browser: Client, address: str, body: Any) -> Any:
    return browser.post(f"/api/{address}", body, content_type=JSON)


def test_who_has_the_list_of_tools_already_is_told_so(
    web: Client, token: Header, orders: list[Order], grant: Grant
) -> None:
    grant(READ)
    first = web.get(TOOLS, headers=token)
    again = web.get(TOOLS, headers={**token, "if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    grant(CANCEL)
    after = web.get(TOOLS, headers={**token, "if-none-match": first["ETag"]})
    assert after.status_code == 200
    assert "Authorization" in after["Vary"]


def test_a_scope_that_is_missing_is_named_with_all_that_the_call_needs(
    web: Client, helper: Agent, shopkeeper: Actor, orders: list[Order], grant: Grant
) -> None:
    grant(READ)
    grant(CANCEL)
    narrow = {"authorization": f"Bearer {issue(helper, shopkeeper, READ).secret}"}
    body = {"arguments": {"id": orders[2].public_id, "reason": "out_of_stock"}}
    refused = web.post(
        CALL.format("cancel_order"), body, content_type=JSON, headers=narrow
    )
    assert (refused.status_code, refused.json()["rule"]) == (403, "scope")
    said = refused["WWW-Authenticate"]
    assert 'error="insufficient_scope"' in said
    assert f'scope="{CANCEL} {READ}"' in said
