"""Codes, access tokens and refresh tokens: for whom, for what, once, until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token
from django.contrib.auth.models import Group
from django.db.models import F
from django.test import Client
from django.utils import timezone

from agents.actions import (
    CreateAgent,
    EndDelegation,
    RegisterClient,
    RevokeToken,
    StopAgent,
)
from agents.models import Agent, AgentToken, Delegation
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tests.agents.conftest import READ, last_entry
from tests.agents.oauth.conftest import (
    RESOURCE,
    Assistant,
    Consent,
    bearer,
)

TOOLS = "/api/agents/tools"


def lets_in(assistant: Assistant, token: str, host: str = "ta.localhost") -> bool:
    client = Client(headers={"host": host})
    return bool(client.get(TOOLS, headers=bearer(token)).status_code == 200)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"redirect_uri": "https://claude.example/other"}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"client_id": "https://other.example/client.json"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"code": "x" * 43}, "invalid_grant"),
        ({"resource": "http://tb.localhost/mcp"}, "invalid_target"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        (
            {"grant_type": "urn:ietf:params:oauth:grant-type:device_code"},
            "unsupported_grant_type",
        ),
        ({"grant_type": None}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_worth_nothing_unless_everything_fits(
    wrong: dict[str, Any], error: str, assistant: Assistant, consent: Consent
) -> None:
    code = consent()["code"]
    answer = assistant.exchange(code, **wrong)
    assert (answer.json()["error"], answer.status_code // 100) == (error, 4)
    assert answer["Cache-Control"] == "no-store"
    assert not AgentToken.objects.exists()
    # Whoever tried with something wrong did not use it up.
    assert assistant.exchange(code).status_code == 200


@pytest.mark.parametrize("seconds", [0, 3600], ids=["at once", "an hour later"])
def test_a_code_that_is_shown_twice_ends_what_came_of_it(
    seconds: int, assistant: Assistant, consent: Consent
) -> None:
    code = consent()["code"]
    first = assistant.exchange(code).json()
    assert lets_in(assistant, first["access_token"])
    earlier = F("expires_at") - timedelta(seconds=seconds)
    Token.objects.filter(type="ac").update(expires_at=earlier)
    again = assistant.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not lets_in(assistant, first["access_token"])
    assert assistant.refresh(first["refresh_token"]).status_code == 400
    assert Delegation.objects.get().status == "ended"


def test_a_code_lives_a_minute(assistant: Assistant, consent: Consent) -> None:
    code = consent()["code"]
    row = Token.objects.get(type="ac")
    assert row.expires_at - timezone.now() <= timedelta(seconds=60)
    Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert assistant.exchange(code).json()["error"] == "invalid_grant"


def test_a_refresh_token_is_good_once_and_its_second_use_ends_everything(
    assistant: Assistant, tokens: Any
) -> None:
    second = assistant.refresh(tokens["refresh_token"]).json()
    assert lets_in(assistant, second["access_token"])
    assert second["refresh_token"] != tokens["refresh_token"]
    stolen = assistant.refresh(tokens["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert not lets_in(assistant, second["access_token"])
    assert assistant.refresh(second["refresh_token"]).status_code == 400
    assert last_entry(action="agents.end_delegation").actor == "system:oauth"


def test_a_refreshed_token_may_be_narrower_and_never_wider(
    assistant: Assistant, tokens: Any
) -> None:
    wider = assistant.refresh(tokens["refresh_token"], scope="storefront.refund_order")
    assert wider.json()["error"] == "invalid_scope"
    narrow = assistant.refresh(tokens["refresh_token"], scope=READ).json()
    assert narrow["scope"] == READ
    token = AgentToken.objects.order_by("-pk").first()
    assert token is not None
    assert token.scopes == [READ]


def test_a_token_counts_at_its_tenants_host_alone(
    assistant: Assistant, tokens: Any
) -> None:
    assert lets_in(assistant, tokens["access_token"])
    assert not lets_in(assistant, tokens["access_token"], "tb.localhost")
    assert AgentToken.objects.get().audience == RESOURCE


@pytest.mark.parametrize("audience", ["http://tb.localhost/mcp", "http://ta.localhost"])
def test_a_token_for_another_audience_is_refused_and_that_is_on_record(
    audience: str, assistant: Assistant, tokens: Any
) -> None:
    AgentToken.objects.update(audience=audience)
    assert not lets_in(assistant, tokens["access_token"])
    assert '"rule":"audience"' in last_entry(action="agents.authenticate").body


def test_whatever_is_revoked_lets_nobody_in_any_more(
    assistant: Assistant, consent: Consent, olivia: User, shopkeeper: Actor
) -> None:
    person = actors.of_user(olivia, via="session")

    def fresh() -> Any:
        return assistant.exchange(consent()["code"]).json()

    ended = fresh()
    perform(EndDelegation, Delegation.objects.latest("pk"), actor=person)
    assert not lets_in(assistant, ended["access_token"])
    assert assistant.refresh(ended["refresh_token"]).status_code == 400

    revoked = fresh()
    perform(RevokeToken, AgentToken.objects.order_by("-pk")[0], actor=shopkeeper)
    assert not lets_in(assistant, revoked["access_token"])

    given_back = fresh()
    back = {"token": given_back["refresh_token"], "client_id": assistant.client_id}
    assert assistant.web.post("/oauth/revoke", back).status_code == 200
    assert not lets_in(assistant, given_back["access_token"])

    stopped = fresh()
    perform(StopAgent, Agent.objects.get(), actor=shopkeeper)
    assert not lets_in(assistant, stopped["access_token"])
    assert assistant.refresh(stopped["refresh_token"]).status_code == 400


def test_a_client_gives_back_its_own_tokens_alone(
    assistant: Assistant, tokens: Any, shopkeeper: Actor
) -> None:
    other, secret = machine(shopkeeper)
    back = {
        "token": tokens["access_token"],
        "client_id": other.public_id,
        "client_secret": secret,
    }
    assert assistant.web.post("/oauth/revoke", back).status_code == 200
    assert lets_in(assistant, tokens["access_token"])
    own = {"token": tokens["access_token"], "client_id": assistant.client_id}
    assert assistant.web.post("/oauth/revoke", own).status_code == 200
    assert not lets_in(assistant, tokens["access_token"])


def test_no_secret_of_oauth_is_kept(assistant: Assistant, consent: Consent) -> None:
    code = consent()["code"]
    got = assistant.exchange(code).json()
    kept = " ".join(map(str, [*Token.objects.values(), *AgentToken.objects.values()]))
    for secret in (code, got["access_token"], got["refresh_token"]):
        assert secret not in kept


def machine(keeper: Actor, name: str = "Nightly") -> tuple[Agent, str]:
    agent = perform(CreateAgent, None, {"name": name}, actor=keeper).result
    done = perform(RegisterClient, agent, {"kind": "machine"}, actor=keeper)
    return agent, done.result.secret


def ask(web: Client, client: str, secret: str, **other: Any) -> Any:
    asked = {"grant_type": "client_credentials", "scope": READ, **other}
    return web.post(
        "/oauth/token", {**asked, "client_id": client, "client_secret": secret}
    )


def test_a_machine_comes_in_as_its_agent_by_its_secret(
    assistant: Assistant, shopkeeper: Actor, granted: Group
) -> None:
    agent, secret = machine(shopkeeper)
    got = ask(assistant.web, agent.public_id, secret, resource=RESOURCE)
    assert got.status_code == 200, got.content
    assert "refresh_token" not in got.json()
    assert lets_in(assistant, got.json()["access_token"])
    token = AgentToken.objects.get()
    assert (token.agent, token.delegation, token.audience) == (agent, None, RESOURCE)
    assert ask(assistant.web, agent.public_id, "wrong").status_code == 401
    assert ask(assistant.web, agent.public_id, "").status_code == 401
    elsewhere = ask(
        assistant.web, agent.public_id, secret, resource="https://x.example"
    )
    assert elsewhere.json()["error"] == "invalid_target"
    assert ask(assistant.web, agent.public_id, secret, scope="x.y").status_code == 400


def test_a_new_secret_ends_the_old_one_and_its_tokens(
    assistant: Assistant, shopkeeper: Actor
) -> None:
    agent, secret = machine(shopkeeper)
    token = ask(assistant.web, agent.public_id, secret).json()["access_token"]
    fresh = perform(RegisterClient, agent, {"kind": "machine"}, actor=shopkeeper).result
    assert not lets_in(assistant, token)
    assert ask(assistant.web, agent.public_id, secret).status_code == 401
    assert ask(assistant.web, agent.public_id, fresh.secret).status_code == 200
    entry = last_entry(action="agents.register_client")
    assert fresh.secret not in entry.body


def test_a_machine_has_no_consent_page_and_an_assistant_no_credentials(
    assistant: Assistant, browser: Client, shopkeeper: Actor
) -> None:
    agent, _ = machine(shopkeeper)
    asked = assistant.question(client_id=agent.public_id)
    assert browser.get(asked).status_code == 400
    clerk = perform(CreateAgent, None, {"name": "Clerk"}, actor=shopkeeper).result
    given = {"kind": "assistant", "redirect_uris": ["https://clerk.example/back"]}
    perform(RegisterClient, clerk, given, actor=shopkeeper)
    page = browser.get(
        assistant.question(
            client_id=clerk.public_id, redirect_uri="https://clerk.example/back"
        )
    )
    assert page.status_code == 200
    assert "registered it" in page.content.decode()
    refused = ask(assistant.web, clerk.public_id, "x")
    assert refused.status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_tokens_are_asked_for_by_post_alone(method: str, assistant: Assistant) -> None:
    assert getattr(assistant.web, method)("/oauth/token").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/identity/o/authorize",
        "/identity/o/api/token",
        "/identity/o/api/clients",
        "/identity/o/api/device/code",
        "/oauth/register",
        "/oauth/device",
    ],
)
def test_nothing_else_of_oauth_is_here(path: str, assistant: Assistant) -> None:
    assert assistant.web.post(path).status_code == 404


def test_an_address_that_asks_too_often_waits(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.oauth.endpoints.MOST", 2)
    got = [assistant.exchange("x") for _ in range(3)]
    assert [one.status_code == 429 for one in got] == [False, False, True]
    assert got[2].json() == {"error": "temporarily_unavailable"}
    assert int(got[2]["Retry-After"]) > 0
