"""A person connects an assistant: from the first question to the call of a tool."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client

from agents.models import Agent, AgentToken, Delegation
from examples.storefront.models import Order
from paybill_site.accounts.models import User
from paybill_site.kernel.models import AuditEntry
from tests.agents.conftest import CANCEL, READ, license_plane
from tests.agents.oauth.conftest import (
    BACK,
    CLAUDE,
    ISSUER,
    RESOURCE,
    Assistant,
    Consent,
    Outside,
    bearer,
    document,
    returned,
)
from tests.agents.people import enter, person, prove
from tests.cast import fresh_cache

TOOLS = "/api/agents/tools"
JSON = "application/json"


def shop_tools(assistant: Assistant, token: str) -> list[str]:
    """The tools about orders that the token gives: every agent has some of its own."""
    tools = assistant.web.get(TOOLS, headers=bearer(token)).json()["tools"]
    return [tool["name"] for tool in tools if "order" in tool["name"]]


def test_an_assistant_finds_its_way_from_a_refusal_to_a_call(
    assistant: Assistant, browser: Client, granted: Group, orders: list[Order]
) -> None:
    refused = assistant.web.get(TOOLS)
    assert refused.status_code == 401
    said = refused["WWW-Authenticate"]
    assert (
        f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource/mcp"' in said
    )
    page = browser.get(assistant.question())
    assert page.status_code == 200
    shown = page.content.decode()
    assert "Claude (claude.example)" in shown
    assert "Cancel order" in shown
    assert "everything that you may" in shown
    yes = {"answer": "allow", "scope": [READ], "hours": "1", "task": "Look"}
    back = browser.post(assistant.question(), yes)
    assert back["Location"].startswith(f"{BACK}?")
    got = returned(back)
    assert (got["state"], got["iss"]) == ("xyz", ISSUER)
    token = assistant.exchange(got["code"])
    assert token.status_code == 200, token.content
    assert token["Cache-Control"] == "no-store"
    assert token.json()["scope"] == READ
    header = bearer(token.json()["access_token"])
    names = shop_tools(assistant, token.json()["access_token"])
    assert "list_orders" in names
    assert "cancel_order" not in names
    body = {"arguments": {"id": orders[0].public_id}}
    called = assistant.web.post(
        f"{TOOLS}/get_order/calls", body, content_type=JSON, headers=header
    )
    assert called.status_code == 200, called.content


def test_a_tenants_host_says_what_it_is_and_who_issues_tokens_for_it(
    assistant: Assistant,
) -> None:
    resource = assistant.web.get("/.well-known/oauth-protected-resource/mcp").json()
    assert resource["resource"] == RESOURCE
    assert resource["authorization_servers"] == [ISSUER]
    server = assistant.web.get("/.well-known/oauth-authorization-server").json()
    assert server["issuer"] == ISSUER
    assert server["code_challenge_methods_supported"] == ["S256"]
    asked = {"mcp": "/mcp", "whole host": ""}
    for one in asked.values():
        found = assistant.web.get(f"/.well-known/oauth-protected-resource{one}")
        assert found.json()["resource"] == RESOURCE
    assert assistant.web.get("/.well-known/openid-configuration").status_code == 404


def test_what_it_did_is_on_record_under_its_name_and_the_persons(
    assistant: Assistant, tokens: Any, granted: Group, orders: list[Order], olivia: User
) -> None:
    given = Delegation.objects.get()
    assert (given.person, given.task) == (olivia, "Tidy up orders")
    assistant.web.post(
        f"{TOOLS}/list_orders/calls",
        {"arguments": {}},
        content_type=JSON,
        headers=bearer(tokens["access_token"]),
    )
    entry = AuditEntry.objects.filter(actor=given.agent.public_id).first()
    assert entry is not None
    assert f'"behalf":"{olivia.public_id}"' in entry.body
    assert given.public_id in entry.body
    assert tokens["access_token"] not in entry.body
    for one in AuditEntry.objects.all():
        assert tokens["refresh_token"] not in one.body


def test_nothing_that_was_granted_to_nobody_is_given_by_consent(
    assistant: Assistant, browser: Client, consent: Consent, orders: list[Order]
) -> None:
    page = browser.get(assistant.question()).content.decode()
    assert "Nothing yet." in page
    token = assistant.exchange(consent()["code"]).json()["access_token"]
    assert shop_tools(assistant, token) == []


def test_the_persons_rights_bound_the_assistant_and_are_asked_anew(
    assistant: Assistant, tokens: Any, granted: Group, olivia: User
) -> None:
    assert "cancel_order" in shop_tools(assistant, tokens["access_token"])
    olivia.groups.clear()
    assert shop_tools(assistant, tokens["access_token"]) == []
    User.objects.filter(pk=olivia.pk).update(is_active=False)
    header = bearer(tokens["access_token"])
    assert assistant.web.get(TOOLS, headers=header).status_code == 401


def test_a_second_person_connects_the_same_assistant_as_another_delegation(
    assistant: Assistant, tokens: Any
) -> None:
    other = enter(Client(headers={"host": "ta.localhost"}), person("member"))
    prove(other)
    other.post(assistant.question(), {"answer": "allow", "scope": [READ], "hours": "1"})
    assert Agent.objects.count() == 1
    assert Delegation.objects.count() == 2


def test_who_refuses_sends_the_assistant_away_without_a_trace(
    assistant: Assistant, browser: Client
) -> None:
    answer = browser.post(assistant.question(), {"answer": "refuse"})
    assert returned(answer) == {"error": "access_denied", "state": "xyz", "iss": ISSUER}
    assert not Agent.objects.exists()


def test_who_is_not_logged_in_comes_in_first_and_nothing_is_fetched_for_them(
    assistant: Assistant, outside: Outside
) -> None:
    for client in (CLAUDE, "https://stranger.example/client.json", "nobody"):
        answer = assistant.web.get(assistant.question(client_id=client))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/entry/?next=%2Foauth%2Fauthorize%3F")
    assert outside.asked == []


def test_who_may_not_let_anybody_act_makes_nobody_fetch_anything(
    assistant: Assistant, browser: Client, olivia: User, outside: Outside
) -> None:
    olivia.groups.clear()
    assert browser.get(assistant.question()).status_code == 403
    assert outside.asked == []


def test_a_person_proves_anew_who_they_are_before_an_assistant_is_let_in(
    assistant: Assistant, browser: Client, outside: Outside
) -> None:
    page = assistant.question()
    prove(browser, ago=11 * 60)
    for answer in (browser.get(page), browser.post(page, {"answer": "allow"})):
        entry, _, query = answer["Location"].partition("?")
        assert (entry, parse_qs(query)) == ("/entry/", {"next": [page], "fresh": ["1"]})
    assert outside.asked == []
    assert not Delegation.objects.exists()
    prove(browser)
    assert browser.get(page).status_code == 200


def test_a_query_that_no_browser_writes_is_refused_like_any_other(
    assistant: Assistant, browser: Client
) -> None:
    for query in ("client_id=[][]", "state=%FF", "scope=<b>", "scope=a&scope=b"):
        assert browser.get(f"/oauth/authorize?{query}").status_code == 400


def test_a_form_of_another_site_consents_to_nothing(
    assistant: Assistant, olivia: User
) -> None:
    strict = Client(headers={"host": "ta.localhost"}, enforce_csrf_checks=True)
    answer = prove(enter(strict, olivia)).post(
        assistant.question(), {"answer": "allow"}
    )
    assert answer.status_code == 403
    assert not Delegation.objects.exists()


def test_the_consent_page_lets_the_browser_go_to_that_client_alone(
    assistant: Assistant, browser: Client
) -> None:
    policy = browser.get(assistant.question())["Content-Security-Policy"]
    ways = f"'self' {settings.PAYBILL_BASE_URL} https://claude.example"
    assert f"form-action {ways};" in policy
    assert "frame-ancestors 'none'" in policy
    other = browser.get("/assistants/")["Content-Security-Policy"]
    # To the control plane for a proof, and nowhere else.
    assert f"form-action 'self' {settings.PAYBILL_BASE_URL};" in other


def test_no_scope_that_was_not_asked_for_can_be_smuggled_in(
    assistant: Assistant, consent: Consent
) -> None:
    got = consent(READ, CANCEL, "storefront.refund_order", scope=READ)
    token = assistant.exchange(got["code"]).json()
    assert token["scope"] == READ
    assert AgentToken.objects.get().scopes == [READ]


def test_the_plans_limit_of_agents_holds_for_assistants_too(
    assistant: Assistant, browser: Client, in_a: Any
) -> None:
    license_plane(in_a, agents=0)
    yes = {"answer": "allow", "scope": [READ], "hours": "1"}
    assert browser.post(assistant.question(), yes).status_code == 403
    assert not Delegation.objects.exists()


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": None}, "invalid_request"),
        ({"scope": "storefront.rob_bank"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"resource": "https://tb.localhost/mcp"}, "invalid_target"),
        ({"resource": ISSUER}, "invalid_target"),
    ],
)
def test_a_wrong_question_goes_back_to_the_client_with_its_state(
    asked: dict[str, Any], error: str, assistant: Assistant, browser: Client
) -> None:
    answer = browser.get(assistant.question(**asked))
    assert answer.status_code == 302
    got = returned(answer)
    assert (got["error"], got["state"], got["iss"]) == (error, "xyz", ISSUER)


@pytest.mark.parametrize(
    "address",
    [
        None,
        "https://claude.example/callback/",
        "https://claude.example/callback?x=1",
        "https://claude.example/callback#x",
        "https://CLAUDE.example/callback",
        "https://claude.example.evil.example/callback",
        "https://claude.example@evil.example/callback",
        "https://evil.example/callback",
        "http://claude.example/callback",
        "javascript:alert(1)",
        "http://localhost:1234/other",
        "http://127.0.0.1:1234/callback",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_clients(
    address: str | None, assistant: Assistant, browser: Client
) -> None:
    answer = browser.get(assistant.question(redirect_uri=address))
    assert answer.status_code == 400
    assert "Location" not in answer


def test_a_program_on_the_persons_machine_listens_on_any_port(
    assistant: Assistant, browser: Client
) -> None:
    assistant.redirect_uri = "http://localhost:43117/callback"
    answer = browser.post(
        assistant.question(), {"answer": "allow", "scope": [READ], "hours": "1"}
    )
    assert answer["Location"].startswith("http://localhost:43117/callback?code=")
    assert assistant.exchange(returned(answer)["code"]).status_code == 200


def test_an_assistant_whose_document_changed_is_believed_the_new_one(
    assistant: Assistant, tokens: Any, outside: Outside, browser: Client
) -> None:
    fresh_cache()
    outside.body = json.dumps(
        document(redirect_uris=["https://other.example/x"])
    ).encode()
    assert browser.get(assistant.question()).status_code == 400
