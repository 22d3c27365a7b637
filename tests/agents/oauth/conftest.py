"""An assistant and a person at tenant A's host; the assistant's document is ours."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from agents.models import Role
from paybill_site.accounts.models import User
from paybill_site.kernel import web
from paybill_site.kernel.planes import Place
from tests.agents.conftest import CANCEL, READ
from tests.agents.people import enter, person, prove

HOST = "ta.localhost"
ISSUER = f"http://{HOST}"
RESOURCE = f"{ISSUER}/mcp"
CLAUDE = "https://claude.example/oauth/client.json"
BACK = "https://claude.example/callback"
VERIFIER = "v" * 64
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)


def document(**other: Any) -> dict[str, Any]:
    """What the assistant says of itself."""
    return {
        "client_id": CLAUDE,
        "client_name": "Claude",
        "redirect_uris": [BACK, "http://localhost/callback"],
        "token_endpoint_auth_method": "none",
        **other,
    }


@dataclass
class Outside:
    """What is found at addresses of the network, and what was asked for."""

    body: bytes = field(default_factory=lambda: json.dumps(document()).encode())
    status: int = 200
    asked: list[str] = field(default_factory=list)

    def call(self, method: str, url: Any, **more: Any) -> web.Answer:
        self.asked.append(str(url))
        return web.Answer(self.status, {}, self.body)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    made = Outside()
    monkeypatch.setattr(web, "call", made.call)
    return made


@dataclass
class Assistant:
    """A program that connects: it keeps what it was answered."""

    web: Client
    client_id: str = CLAUDE
    redirect_uri: str = BACK

    def question(self, **other: Any) -> str:
        """The address to which it sends the person's browser."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "resource": RESOURCE,
            "scope": f"{READ} {CANCEL}",
            "state": "xyz",
            **other,
        }
        kept = {name: value for name, value in asked.items() if value is not None}
        return f"/oauth/authorize?{urlencode(kept)}"

    def exchange(self, given: str, **other: Any) -> Any:
        asked = {
            "grant_type": "authorization_code",
            "code": given,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": VERIFIER,
            "resource": RESOURCE,
            **other,
        }
        kept = {name: value for name, value in asked.items() if value is not None}
        return self.web.post("/oauth/token", kept)

    def refresh(self, token: str, **other: Any) -> Any:
        asked = {
            "grant_type": "refresh_token",
            "refresh_token": token,
            "client_id": self.client_id,
            "resource": RESOURCE,
            **other,
        }
        return self.web.post("/oauth/token", asked)


@pytest.fixture
def assistant(in_a: Place, outside: Outside) -> Assistant:
    return Assistant(Client(headers={"host": HOST}))


@pytest.fixture
def olivia(licensed: Place) -> User:
    return person("owner")


@pytest.fixture
def browser(olivia: User) -> Client:
    return prove(enter(Client(headers={"host": HOST}), olivia))


@pytest.fixture
def granted(licensed: Place) -> Group:
    """What assistants may do here: read and cancel every order."""
    found = Role.objects.filter(name="assistants").first()
    role = found.group if found else Group.objects.create(name="agents:assistants")
    if found is None:
        Role.objects.create(name="assistants", group=role, made_by="test")
    for name in (READ, CANCEL):
        app, _, codename = name.partition(".")
        role.permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return role


type Consent = Callable[..., dict[str, str]]


@pytest.fixture
def consent(browser: Client, assistant: Assistant) -> Consent:
    """The person says yes; what the assistant finds in the address it gets back."""

    def say_yes(*scopes: str, **asked: Any) -> dict[str, str]:
        answer = browser.post(
            assistant.question(**asked),
            {
                "answer": "allow",
                "scope": scopes or (READ, CANCEL),
                "hours": "24",
                "task": "Tidy up orders",
            },
        )
        assert answer.status_code == 302, answer.content.decode()
        return returned(answer)

    return say_yes


def returned(answer: Any) -> dict[str, str]:
    """The members of the address to which the browser was sent."""
    query = parse_qs(urlsplit(answer["Location"]).query)
    return {name: many[0] for name, many in query.items()}


@pytest.fixture
def tokens(consent: Consent, assistant: Assistant) -> dict[str, Any]:
    """What the assistant has after a consent."""
    answer = assistant.exchange(consent()["code"])
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
