"""How agents come to be, get access, and are stopped."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import Group
from pydantic import Field

from agents.access import grants
from agents.actions.tokens import Words, check_grantable
from agents.models import Agent
from agents.states import MOVES, AgentState
from paybill_site.accounts.models import User, UserKind
from paybill_site.kernel import limits, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Invalid
from paybill_site.kernel.states import Machine

machine = Machine("agent", MOVES)


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
        if Agent.objects.filter(name=data.name).exists():
            raise Conflict("there is an agent of this name already")
        return new_agent(data.name, data.purpose, actor.id)


def new_agent(name: str, purpose: str, owner: str) -> Agent:
    """An agent that may do nothing yet. Inside an action. Raises LimitReached."""
    within_licence()
    agent = Agent(name=name, purpose=purpose, owner=owner)
    agent.principal = User.objects.create_user(
        f"{agent.public_id}@agents.invalid", name=name, kind=UserKind.AGENT
    )
    agent.save(force_insert=True)
    return agent


def within_licence() -> None:
    """Raise LimitReached when the plan allows no further agent."""
    tenant = planes.here().tenant
    if tenant:
        active = Agent.objects.filter(state=AgentState.ACTIVE).count()
        limits.within(limits.terms(tenant), "agents", active)


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
        within_licence()
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
        give(agent.principal, data, actor)
        return agent


class RevokeAccess(Action[Agent, AccessInput, Agent]):
    """Take a permission back, on some objects or on all."""

    model = Agent
    Input = AccessInput
    always_open = True
    permission = "agents.revoke_access"

    def run(self, agent: Agent, data: AccessInput, *, actor: Actor) -> Agent:
        take(agent.principal, data)
        return agent


def give(holder: User | Group, data: AccessInput, actor: Actor) -> None:
    """Grant an agent's principal, or a role's group, what the input names.

    Raises Invalid, NotGrantable, NotFound and Forbidden.
    """
    _check_access(data)
    if data.everything:
        grants.grant_all(holder, data.permission, actor)
    grants.grant(holder, data.permission, data.objects, actor)


def take(holder: User | Group, data: AccessInput) -> None:
    """Take back what the input names. Raises Invalid and NotGrantable."""
    _check_access(data)
    if data.everything:
        grants.revoke_all(holder, data.permission)
    grants.revoke(holder, data.permission, data.objects)


def _check_access(data: AccessInput) -> None:
    check_grantable(data.permission)
    if not data.objects and not data.everything:
        raise Invalid("name some objects, or say that it is every object")
