"""A person lets an agent act for them, and ends it."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from pydantic import Field

from agents.actions.tokens import Words, check_grantable
from agents.models import Agent, Delegation
from agents.states import AgentState
from paybill_site.accounts.models import User, UserKind
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, NotFound

LONGEST = 30 * 24  # hours


class DelegateInput(Input):
    agent: str = Field(max_length=40, title="Agent", description="its public id")
    task: str = Field(min_length=1, max_length=300, title="What it is for")
    scopes: Words = Field(
        min_length=1,
        max_length=100,
        title="Scopes",
        description="permissions of yours that it may use, one in a line",
    )
    hours: int = Field(24, ge=1, le=LONGEST, title="For how many hours")


class Delegate(Action[None, DelegateInput, Delegation]):
    """Let an agent act for you: with your rights at most, for a task, for a time."""

    model = Delegation
    Input = DelegateInput
    permission = "agents.add_delegation"
    creates = True
    danger = Danger.CAREFUL

    def run(self, target: None, data: DelegateInput, *, actor: Actor) -> Delegation:
        person = person_of(actor)
        seen = Agent.objects.visible_to(actor).filter(state=AgentState.ACTIVE)
        agent = seen.filter(public_id=data.agent).first()
        if agent is None:
            raise NotFound
        return give(agent, person, data.task, data.scopes, data.hours)


class EndDelegation(Action[Delegation, NoInput, Delegation]):
    """Let an agent no longer act for a person; its tokens for that end at once."""

    model = Delegation
    always_open = True
    permission = "agents.end_delegation"
    danger = Danger.CAREFUL

    def run(self, given: Delegation, data: NoInput, *, actor: Actor) -> Delegation:
        given.revoked_at = given.revoked_at or timezone.now()
        given.save(update_fields=["revoked_at"])
        # They are refused because of the delegation; so they also show what they are.
        given.tokens.filter(revoked_at=None).update(revoked_at=given.revoked_at)
        return given


def person_of(actor: Actor) -> User:
    """The person who acts. Raises Forbidden unless it is just themselves."""
    if actor.impersonator or actor.behalf is not None:
        raise Forbidden("only the person themselves can delegate", rule="person")
    people = User.objects.filter(kind=UserKind.PERSON, is_active=True)
    person: User | None = people.filter(pk=actor.principal).first()
    if person is None:
        raise Forbidden("only a person can delegate", rule="person")
    return person


def give(
    agent: Agent, person: User, task: str, scopes: Words, hours: int, client: str = ""
) -> Delegation:
    """Write it down. Raises NotGrantable. Inside an action."""
    for scope in scopes:
        check_grantable(scope)
    return Delegation.objects.create(
        agent=agent,
        person=person,
        task=task,
        scopes=sorted(set(scopes)),
        client=client,
        expires_at=timezone.now() + timedelta(hours=hours),
    )
