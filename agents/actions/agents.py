"""How agents come to be, get tokens and access, and are stopped."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from django.utils import timezone
from pydantic import Field

from agents.access import grants
from agents.errors import NotGrantable
from agents.models import Agent, AgentToken
from agents.states import MOVES, AgentState
from agents.tools import catalogue
from paybill_site.accounts.models import User, UserKind
from paybill_site.kernel import limits, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import token_digest
from paybill_site.kernel.errors import Conflict, Invalid
from paybill_site.kernel.states import Machine

machine = Machine("agent", MOVES)
TOKEN = "pbk_agt_"  # noqa: S105 - how every token begins, so that scanners find it


Words = tuple[Annotated[str, Field(max_length=100)], ...]


class CreateInput(Input):
    name: str = Field(min_length=1, max_length=80, title="Name")
    purpose: str = Field("", max_length=300, title="What it is for")


class CreateAgent(Action[None, CreateInput, Agent]):
    """Add an agent. It may do nothing until it is granted something."""

    model = Agent
    Input = CreateInput
    permission = "agents.add_agent"
    creates = True

    def run(self, target: None, data: CreateInput, *, actor: Actor) -> Agent:
        _within_licence()
        if Agent.objects.filter(name=data.name).exists():
            raise Conflict("there is an agent of this name already")
        agent = Agent(name=data.name, purpose=data.purpose, owner=actor.id)
        agent.principal = User.objects.create_user(
            f"{agent.public_id}@agents.invalid", name=data.name, kind=UserKind.AGENT
        )
        agent.save(force_insert=True)
        return agent


def _within_licence() -> None:
    tenant = planes.here().tenant
    if tenant:
        active = Agent.objects.filter(state=AgentState.ACTIVE).count()
        limits.within(limits.terms(tenant), "agents", active)


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


class IssueToken(Action[Agent, TokenInput, AgentToken]):
    """Make a token. It is shown once; only its digest is kept."""

    model = Agent
    Input = TokenInput
    permission = "agents.issue_token"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({AgentState.ACTIVE})

    def run(self, agent: Agent, data: TokenInput, *, actor: Actor) -> AgentToken:
        for scope in data.scopes:
            _check_grantable(scope)
        secret = TOKEN + secrets.token_urlsafe(32)
        token = AgentToken.objects.create(
            agent=agent,
            label=data.label,
            digest=token_digest(secret),
            prefix=secret[: len(TOKEN) + 6],
            scopes=sorted(set(data.scopes)),
            per_minute=data.per_minute,
            expires_at=timezone.now() + timedelta(days=data.days),
        )
        token.secret = secret
        return token

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


class StopAgent(Action[Agent, NoInput, Agent]):
    """Stop an agent: from now on every call of it is refused."""

    model = Agent
    always_open = True
    permission = "agents.stop_agent"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({AgentState.ACTIVE})

    def run(self, agent: Agent, data: NoInput, *, actor: Actor) -> Agent:
        machine.move(agent, AgentState.STOPPED)
        User.objects.filter(pk=agent.principal_id).update(is_active=False)
        return agent


class ResumeAgent(Action[Agent, NoInput, Agent]):
    """Let a stopped agent act again, with the grants and tokens that it still has."""

    model = Agent
    permission = "agents.resume_agent"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({AgentState.STOPPED})

    def run(self, agent: Agent, data: NoInput, *, actor: Actor) -> Agent:
        _within_licence()
        machine.move(agent, AgentState.ACTIVE)
        User.objects.filter(pk=agent.principal_id).update(is_active=True)
        return agent


class AccessInput(Input):
    permission: str = Field(max_length=100, title="Permission")
    objects: Words = Field(
        (),
        max_length=100,
        title="Objects",
        description="public ids, one in a line",
    )
    everything: bool = Field(
        False, title="Every object", description="all rows, also those to come"
    )


class GrantAccess(Action[Agent, AccessInput, Agent]):
    """Grant an agent a permission on some objects, or on all of a kind.

    Nobody grants what they do not hold themselves.
    """

    model = Agent
    Input = AccessInput
    permission = "agents.grant_access"
    danger = Danger.CAREFUL

    def run(self, agent: Agent, data: AccessInput, *, actor: Actor) -> Agent:
        _check_access(data)
        if data.everything:
            grants.grant_all(agent.principal, data.permission, actor)
        grants.grant(agent.principal, data.permission, data.objects, actor)
        return agent


class RevokeAccess(Action[Agent, AccessInput, Agent]):
    """Take a permission back, on some objects or on all."""

    model = Agent
    Input = AccessInput
    always_open = True
    permission = "agents.revoke_access"

    def run(self, agent: Agent, data: AccessInput, *, actor: Actor) -> Agent:
        _check_access(data)
        if data.everything:
            grants.revoke_all(agent.principal, data.permission)
        grants.revoke(agent.principal, data.permission, data.objects)
        return agent


def _check_access(data: AccessInput) -> None:
    _check_grantable(data.permission)
    if not data.objects and not data.everything:
        raise Invalid("name some objects, or say that it is every object")


def _check_grantable(permission: str) -> None:
    if permission not in catalogue.grantable():
        raise NotGrantable(f"{permission[:60]} can not be given to an agent")
