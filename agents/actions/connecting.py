"""OAuth's verbs: a client is registered, a person consents, a token is issued."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from allauth.idp.oidc.models import Client
from django.contrib.auth.models import Group
from django.utils import timezone
from pydantic import Field, JsonValue

from agents.actions.agents import new_agent
from agents.actions.delegations import LONGEST, give, person_of
from agents.actions.tokens import Words, make
from agents.models import Agent, AgentToken, Delegation, Role
from agents.oauth import grants
from agents.oauth.preview import ASSISTANTS
from agents.oauth.redirects import acceptable
from agents.states import AgentState
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from paybill_site.kernel.ids import new_id

ACCESS_MINUTES = 60
SECRET: dict[str, JsonValue] = {"sensitive": True}

Addresses = tuple[Annotated[str, Field(max_length=300)], ...]


class ClientInput(Input):
    kind: Literal["machine", "assistant"] = Field("machine", title="Kind")
    redirect_uris: Addresses = Field(
        (),
        max_length=10,
        title="Addresses to return to",
        description="of an assistant, one in a line; compared letter by letter",
    )


class RegisterClient(Action[Agent, ClientInput, Agent]):
    """Let an agent use OAuth: a machine by a secret, an assistant by people's consent.

    The client's id is the agent's. A machine's secret is shown once, and a repeat of
    this makes a new one: the old one and its tokens end at once.
    """

    model = Agent
    Input = ClientInput
    permission = "agents.register_client"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({AgentState.ACTIVE})

    def run(self, agent: Agent, data: ClientInput, *, actor: Actor) -> Agent:
        machine = data.kind == "machine"
        if machine == bool(data.redirect_uris):
            raise Invalid("an assistant has addresses to return to, a machine has none")
        for address in data.redirect_uris:
            if not acceptable(address):
                raise Invalid("an address is https, of this machine, or an app's own")
        if agent.client_id not in {None, agent.public_id}:
            raise Conflict("this agent is a client that was connected by its address")
        secret = secrets.token_urlsafe(32)
        client = agent.client or Client(id=agent.public_id)
        client.name, client.owner = agent.name, None
        client.type = Client.Type.CONFIDENTIAL if machine else Client.Type.PUBLIC
        client.set_redirect_uris(list(data.redirect_uris))
        client.set_grant_types(grants.of_client(machine=machine))
        client.set_secret(secret)
        client.save()
        agent.client, agent.client_by = client, actor.id
        agent.save(update_fields=["client", "client_by"])
        spent = agent.tokens.exclude(audience="").filter(revoked_at=None)
        spent.update(revoked_at=timezone.now())
        agent.secret = secret if machine else ""
        return agent


class ConsentInput(Input):
    client: str = Field(max_length=100, description="the client's id")
    name: str = Field(min_length=1, max_length=60, description="how it calls itself")
    task: str = Field(min_length=1, max_length=300)
    scopes: Words = Field(min_length=1, max_length=100)
    hours: int = Field(ge=1, le=LONGEST)
    redirect_uri: str = Field(max_length=2000)
    challenge: str = Field(max_length=128, description="of PKCE, S256")
    audience: str = Field(max_length=300)


class ConnectAssistant(Action[None, ConsentInput, Delegation]):
    """Let a connected assistant act for you: what it may use, and until when."""

    model = Delegation
    Input = ConsentInput
    permission = "agents.add_delegation"
    creates = True
    danger = Danger.CAREFUL

    def run(self, target: None, data: ConsentInput, *, actor: Actor) -> Delegation:
        person = person_of(actor)
        agent = _assistant(data, actor)
        if agent.state != AgentState.ACTIVE:
            raise Forbidden("this assistant was stopped here", rule="stopped")
        given = give(agent, person, data.task, data.scopes, data.hours, data.client)
        given.code = grants.new_code(
            agent.client,
            given,
            redirect_uri=data.redirect_uri,
            challenge=data.challenge,
            audience=data.audience,
        )
        return given


def _assistant(data: ConsentInput, actor: Actor) -> Agent:
    """The agent that is this client; a client seen for the first time becomes one."""
    found = Agent.objects.select_related("client").filter(client=data.client).first()
    if found is not None:
        return found
    client, _ = Client.objects.get_or_create(
        id=data.client,
        defaults={
            "name": data.name,
            "type": Client.Type.PUBLIC,
            "grant_types": "\n".join(grants.of_client(machine=False)),
            "data": {"document": True},
        },
    )
    name = data.name
    if Agent.objects.filter(name=name).exists():
        name = f"{name} {secrets.token_hex(3)}"
    agent = new_agent(name, "an assistant that people connected", actor.id)
    agent.client = client
    agent.save(update_fields=["client"])
    agent.principal.groups.add(_assistants().group)
    return agent


def _assistants() -> Role:
    """The role of all of them; it may do nothing until somebody grants it something."""
    found = Role.objects.select_related("group").filter(name=ASSISTANTS).first()
    if found is not None:
        return found
    made: Role = Role.objects.create(
        name=ASSISTANTS,
        purpose="what assistants that people connected may do for them",
        group=Group.objects.create(name=f"agents:{new_id('grp')}"),
        made_by="system:oauth",
    )
    return made


class AccessTokenInput(Input):
    agent: str = Field(max_length=40)
    delegation: str = Field("", max_length=40)
    scopes: Words = Field(min_length=1, max_length=100)
    audience: str = Field(min_length=1, max_length=300)
    spent: str = Field("", max_length=64, json_schema_extra=SECRET)


class IssueAccess(Action[None, AccessTokenInput, AgentToken]):
    """Issue an access token of OAuth: for a code or a refresh token, once each."""

    model = AgentToken
    Input = AccessTokenInput
    permission = "agents.issue_token"
    creates = True

    def run(self, target: None, data: AccessTokenInput, *, actor: Actor) -> AgentToken:
        agent = Agent.objects.select_related("client").get(public_id=data.agent)
        given = None
        if data.delegation:
            rows = Delegation.objects.select_for_update(no_key=True)
            given = rows.filter(public_id=data.delegation, agent=agent).first()
            if given is None or given.status != "active":
                raise NotFound
        if agent.state != AgentState.ACTIVE:
            raise Forbidden("this agent is stopped", rule="stopped")
        if data.spent and not grants.spend(data.spent):
            raise Conflict("this was used already", rule="replay")
        until = timezone.now() + timedelta(minutes=ACCESS_MINUTES)
        token = make(
            agent,
            data.scopes,
            min(until, given.expires_at) if given else until,
            label="OAuth",
            audience=data.audience,
            family=given.public_id if given else agent.public_id,
            delegation=given,
            issued_by=given.person.public_id if given else agent.client_by,
        )
        if given is not None:
            token.refresh = grants.new_refresh(agent.client, given, data.audience)
        return token

    def present(self, result: AgentToken) -> dict[str, Any]:
        return {"id": result.public_id, "prefix": result.prefix}

    def recall(self, output: Mapping[str, Any]) -> AgentToken:
        return AgentToken.objects.get(public_id=output["id"])
