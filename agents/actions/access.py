"""Rules and switches: what opens rows by what they are, and what closes everything."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from django.db.models import F
from django.utils import timezone
from pydantic import BaseModel, ConfigDict, Field

from agents.access import conditions, grants, switches
from agents.actions.roles import ROLE_ID, role_seen
from agents.models import Agent, AgentToken, Role, Rule, Switch
from agents.states import RULE_MOVES, RuleState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from paybill_site.kernel.states import Machine

machine = Machine("rule", RULE_MOVES)
AGENT_ID = r"^agt_[0-9a-z]{26}$"

type Value = (
    bool
    | Annotated[int, Field(ge=-(2**63), lt=2**63)]
    | Annotated[str, Field(max_length=200)]
    | dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=60)]]
    | list[
        bool
        | Annotated[int, Field(ge=-(2**63), lt=2**63)]
        | Annotated[str, Field(max_length=200)]
    ]
)


class Condition(BaseModel):
    """One condition of a rule: a readable field, a comparison, and a value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str = Field(max_length=100)
    lookup: Literal["exact", "in", "gt", "gte", "lt", "lte"] = "exact"
    value: Value


class RuleInput(Input):
    agent: str = Field(
        "",
        pattern=f"{AGENT_ID}|^$",
        max_length=40,
        title="Agent",
        description="public id, or a role",
    )
    role: str = Field(
        "",
        pattern=f"{ROLE_ID}|^$",
        max_length=40,
        title="Role",
        description="public id, or an agent",
    )
    permission: str = Field(
        max_length=100, title="Permission", description="as storefront.view_order"
    )
    conditions: tuple[Condition, ...] = Field(
        min_length=1,
        max_length=conditions.MOST,
        title="Conditions",
        description="all hold, as JSON:"
        ' [{"field": "state", "lookup": "exact", "value": "pending"}]; the value'
        ' {"session": "customer"} comes from the session of the token',
    )
    state: Literal["shadow", "active"] = Field(
        "shadow", title="State", description="in shadow it is only logged"
    )
    days: int = Field(
        0, ge=0, le=3650, title="Valid for days", description="0: until it is retired"
    )
    note: str = Field("", max_length=300, title="Why")


class AddRule(Action[None, RuleInput, Rule]):
    """Allow an agent or a role something on all rows that a filter matches.

    Nobody allows what they do not hold themselves, on every row: the filter also
    matches rows to come.
    """

    model = Rule
    Input = RuleInput
    permission = "agents.add_rule"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: RuleInput, *, actor: Actor) -> Rule:
        agent, role = _holder(data, actor)
        _check_held(data.permission, actor)
        filters = [one.model_dump(mode="json") for one in data.conditions]
        until = timezone.now() + timedelta(days=data.days) if data.days else None
        made: Rule = Rule.objects.create(
            agent=agent,
            role=role.group if role else None,
            permission=data.permission,
            conditions=conditions.checked(data.permission, filters),
            state=data.state,
            expires_at=until,
            note=data.note,
            made_by=actor.id,
        )
        return made


class MovesRule:
    """What the moves of a rule have in common: each counts its version up."""

    to: ClassVar[RuleState]

    def run(self, rule: Rule, data: NoInput, *, actor: Actor) -> Rule:
        if self.to is RuleState.ACTIVE:
            _check_held(rule.permission, actor)
        machine.move(rule, self.to)
        Rule.objects.filter(pk=rule.pk).update(version=F("version") + 1)
        rule.refresh_from_db(fields=["version"])
        return rule

    def present(self, result: Rule) -> dict[str, Any]:
        return {
            "id": result.public_id,
            "state": str(result.state),
            "version": result.version,
        }


class ActivateRule(MovesRule, Action[Rule, NoInput, Rule]):
    """Enforce a rule: from now on it allows what it matches."""

    model = Rule
    permission = "agents.activate_rule"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({RuleState.SHADOW})
    to = RuleState.ACTIVE


class ShadowRule(MovesRule, Action[Rule, NoInput, Rule]):
    """Put a rule into shadow: evaluated and logged, it allows nothing."""

    model = Rule
    always_open = True
    permission = "agents.shadow_rule"
    legal_in: ClassVar[frozenset[str] | None] = frozenset(
        {RuleState.ACTIVE, RuleState.OFF}
    )
    to = RuleState.SHADOW


class RetireRule(MovesRule, Action[Rule, NoInput, Rule]):
    """Turn a rule off; it stays for who looks back."""

    model = Rule
    always_open = True
    permission = "agents.retire_rule"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset(
        {RuleState.ACTIVE, RuleState.SHADOW}
    )
    to = RuleState.OFF


class RevokeAllTokens(Action[Agent, NoInput, Agent]):
    """Make every token of an agent worthless at once and for ever."""

    model = Agent
    always_open = True
    permission = "agents.revoke_agenttoken"
    danger = Danger.CAREFUL

    def run(self, agent: Agent, data: NoInput, *, actor: Actor) -> Agent:
        good = AgentToken.objects.filter(agent=agent, revoked_at=None)
        good.update(revoked_at=timezone.now())
        return agent


class SwitchInput(Input):
    reason: str = Field(min_length=1, max_length=300, title="Reason")


class ThrowSwitch(Action[None, SwitchInput, Switch]):
    """Stop every agent of this plane at once; nothing of theirs is taken away."""

    model = Switch
    Input = SwitchInput
    always_open = True
    permission = "agents.throw_switch"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: SwitchInput, *, actor: Actor) -> Switch:
        if not switches.throw(switches.HERE, data.reason, actor.id):
            raise Conflict("all agents are stopped already")
        return Switch.objects.get(name=switches.HERE)


class ReleaseSwitch(Action[Switch, NoInput, Switch]):
    """Let the agents of this plane act again, as far as each is active."""

    model = Switch
    permission = "agents.release_switch"
    danger = Danger.CAREFUL

    def run(self, switch: Switch, data: NoInput, *, actor: Actor) -> Switch:
        if switch.name != switches.HERE:
            raise Forbidden("this one is the installation's", rule="switch")
        shown = Switch(pk=switch.pk, public_id=switch.public_id, name=switch.name)
        switch.delete()
        return shown


def _holder(data: RuleInput, actor: Actor) -> tuple[Agent | None, Role | None]:
    if bool(data.agent) == bool(data.role):
        raise Invalid("name an agent or a role, and not both")
    if data.role:
        return None, role_seen(data.role, actor)
    agent = Agent.objects.visible_to(actor).filter(public_id=data.agent).first()
    if agent is None:
        raise NotFound("there is no such agent")
    return agent, None


def _check_held(permission: str, actor: Actor) -> None:
    grants.check_grantable(permission)
    if not actor.may(permission):
        raise Forbidden(f"you do not hold {permission} yourself", rule="permission")
