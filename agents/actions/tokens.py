"""How agents get the tokens by which they come in, and how those end."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar

from django.utils import timezone
from pydantic import Field

from agents.errors import NotGrantable
from agents.models import Agent, AgentToken, Delegation
from agents.states import AgentState
from agents.tools import catalogue
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import Invalid, NotFound

TOKEN = "pbk_agt_"  # noqa: S105 - how every token begins, so that scanners find it
LONGEST_SESSION = 24 * 60  # minutes

Words = tuple[Annotated[str, Field(max_length=100)], ...]
Session = dict[
    Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")],
    Annotated[str, Field(min_length=1, max_length=200)],
]


class TokenInput(Input):
    label: str = Field("", max_length=80, title="Label")
    scopes: Words = Field(
        min_length=1,
        max_length=50,
        title="Scopes",
        description="permissions that the token can use, one in a line",
    )
    days: int = Field(30, ge=1, le=365, title="Valid for days")
    per_minute: int = Field(120, ge=1, le=6000, title="Calls in a minute")
    session: Session = Field(
        default_factory=dict,
        max_length=20,
        title="Session",
        description='names and values that rules refer to: {"customer": "cus_..."}',
    )
    delegation: str = Field(
        "",
        max_length=40,
        title="Delegation",
        description="public id of what you delegated: the token then acts for you",
    )


class ShownOnce:
    """What makes a token: it is shown once, and only its digest is kept."""

    def present(self, result: AgentToken) -> dict[str, Any]:
        # Stored with the idempotency key and in the audit: never the secret.
        return {
            "id": result.public_id,
            "prefix": result.prefix,
            "scopes": result.scopes,
            "expires_at": result.expires_at.isoformat(),
        }

    def recall(self, output: Mapping[str, Any]) -> AgentToken:
        return AgentToken.objects.get(public_id=output["id"])


class IssueToken(ShownOnce, Action[Agent, TokenInput, AgentToken]):
    """Make a token. It is shown once; only its digest is kept."""

    model = Agent
    Input = TokenInput
    permission = "agents.issue_token"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({AgentState.ACTIVE})

    def run(self, agent: Agent, data: TokenInput, *, actor: Actor) -> AgentToken:
        until = timezone.now() + timedelta(days=data.days)
        given = _own(agent, data.delegation, actor)
        if given is not None:
            _check_within(data.scopes, given)
            until = min(until, given.expires_at)
        return make(
            agent,
            data.scopes,
            until,
            label=data.label,
            per_minute=data.per_minute,
            session=data.session,
            delegation=given,
            issued_by=actor.id,
        )


class SessionInput(Input):
    label: str = Field("", max_length=80, title="Label")
    scopes: Words = Field(
        min_length=1,
        max_length=50,
        title="Scopes",
        description="permissions that the conversation needs, one in a line",
    )
    session: Session = Field(
        min_length=1,
        max_length=20,
        title="Session",
        description='whose conversation it is: {"customer": "cus_..."}',
    )
    minutes: int = Field(60, ge=1, le=LONGEST_SESSION, title="Valid for minutes")
    per_minute: int = Field(60, ge=1, le=6000, title="Calls in a minute")


class OpenSession(ShownOnce, Action[Agent, SessionInput, AgentToken]):
    """Make a short token for one conversation: whose it is can not change any more."""

    model = Agent
    Input = SessionInput
    permission = "agents.open_session"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({AgentState.ACTIVE})

    def run(self, agent: Agent, data: SessionInput, *, actor: Actor) -> AgentToken:
        return make(
            agent,
            data.scopes,
            timezone.now() + timedelta(minutes=data.minutes),
            label=data.label,
            per_minute=data.per_minute,
            session=data.session,
            issued_by=actor.id,
        )


class RevokeToken(Action[AgentToken, NoInput, AgentToken]):
    """Make a token worthless at once and for ever."""

    model = AgentToken
    always_open = True
    permission = "agents.revoke_agenttoken"
    danger = Danger.CAREFUL

    def run(self, token: AgentToken, data: NoInput, *, actor: Actor) -> AgentToken:
        token.revoked_at = token.revoked_at or timezone.now()
        token.save(update_fields=["revoked_at"])
        return token


def make(
    agent: Agent, scopes: Sequence[str], until: datetime, **more: Any
) -> AgentToken:
    """A token with its secret. Raises NotGrantable. Inside an action."""
    for scope in scopes:
        check_grantable(scope)
    secret = TOKEN + secrets.token_urlsafe(32)
    token = AgentToken.objects.create(
        agent=agent,
        digest=token_digest(secret),
        prefix=secret[: len(TOKEN) + 6],
        scopes=sorted(set(scopes)),
        expires_at=until,
        **more,
    )
    token.secret = secret
    return token


def check_grantable(permission: str) -> None:
    """Raise NotGrantable for a permission that no tool here uses."""
    if permission not in catalogue.grantable():
        raise NotGrantable(f"{permission[:60]} can not be given to an agent")


def _own(agent: Agent, delegation: str, actor: Actor) -> Delegation | None:
    """What the actor itself delegated to this agent. Raises NotFound.

    Nobody else takes a token on it: they would come in with another one's rights.
    """
    if not delegation:
        return None
    rows = Delegation.objects.filter(person=actor.principal, agent=agent)
    given = rows.filter(public_id=delegation).first()
    if given is None or given.status != "active":
        raise NotFound
    return given


def _check_within(scopes: Sequence[str], given: Delegation) -> None:
    if not set(scopes) <= set(given.scopes):
        raise Invalid("the delegation does not have all of these scopes", rule="scope")
