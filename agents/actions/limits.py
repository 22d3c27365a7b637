"""How much agents may do: limits are added, changed and removed by people."""

from __future__ import annotations

from typing import Any, Literal

from django.db.models import F
from pydantic import Field

from agents.actions.roles import ROLE_ID, role_seen
from agents.models import Agent, Limit, Role
from agents.tools.catalogue import tools_here
from paybill_site.kernel import planes, workflows
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid, NotFound

AGENT_ID = r"^agt_[0-9a-z]{26}$"
MOST, LONGEST = 10**15, 366 * 86400
COUNTED = "calls, rows, objects, or minor units of the currency"


class LimitInput(Input):
    agent: str = Field(
        "",
        pattern=f"{AGENT_ID}|^$",
        title="Agent",
        description="public id; without agent and role it holds for every agent",
    )
    role: str = Field(
        "", pattern=f"{ROLE_ID}|^$", title="Role", description="public id"
    )
    measure: Literal["calls", "rows", "objects", "amount"] = Field(title="Measure")
    most: int = Field(ge=0, le=MOST, title="At most", description=COUNTED)
    per: Literal["call", "agent", "token", "tool", "workflow", "object"] = Field(
        "agent",
        title="For each",
        description="whose use is counted together; for each call: what one may take",
    )
    window: int = Field(
        0,
        ge=0,
        le=LONGEST,
        title="Window in seconds",
        description="0: for ever; windows begin at multiples of their length, in UTC",
    )
    currency: str = Field(
        "", pattern=r"^([A-Z]{3})?$", title="Currency", description="of an amount"
    )
    tool: str = Field("", max_length=100, title="Tool", description="none: every tool")
    workflow: str = Field("", max_length=100, title="Workflow", description="its steps")
    shadow: bool = Field(
        False, title="Shadow", description="counted and noted, not enforced"
    )
    note: str = Field("", max_length=300, title="Why")


class AddLimit(Action[None, LimitInput, Limit]):
    """Limit how much an agent, a role or every agent may do."""

    model = Limit
    Input = LimitInput
    permission = "agents.add_limit"
    creates = True

    def run(self, target: None, data: LimitInput, *, actor: Actor) -> Limit:
        _check(data)
        agent, role = holder(data.agent, data.role, actor)
        made: Limit = Limit.objects.create(
            agent=agent,
            role=role.group if role else None,
            made_by=actor.id,
            **data.model_dump(exclude={"agent", "role"}),
        )
        return made


class ChangeLimitInput(Input):
    most: int = Field(ge=0, le=MOST, title="At most", description=COUNTED)
    shadow: bool = Field(
        False, title="Shadow", description="counted and noted, not enforced"
    )


class ChangeLimit(Action[Limit, ChangeLimitInput, Limit]):
    """Set another most. What is used in the present window stays used."""

    model = Limit
    Input = ChangeLimitInput
    permission = "agents.change_limit"
    danger = Danger.CAREFUL

    def run(self, limit: Limit, data: ChangeLimitInput, *, actor: Actor) -> Limit:
        Limit.objects.filter(pk=limit.pk).update(
            most=data.most, shadow=data.shadow, version=F("version") + 1
        )
        limit.refresh_from_db()
        return limit

    def present(self, result: Limit) -> dict[str, Any]:
        return {"id": result.public_id, "version": result.version}


class RemoveLimit(Action[Limit, NoInput, Limit]):
    """Remove a limit, with what was counted under it."""

    model = Limit
    permission = "agents.delete_limit"
    danger = Danger.CAREFUL

    def run(self, limit: Limit, data: NoInput, *, actor: Actor) -> Limit:
        shown = Limit(pk=limit.pk, public_id=limit.public_id)
        # Calls that have just taken from it end first; their counts go with it.
        Limit.objects.select_for_update().get(pk=limit.pk).delete()
        return shown


def holder(agent: str, role: str, actor: Actor) -> tuple[Agent | None, Role | None]:
    """The agent or the role that is named. Raises Invalid and NotFound."""
    if agent and role:
        raise Invalid("name an agent or a role, and not both")
    if role:
        return None, role_seen(role, actor)
    if not agent:
        return None, None
    found = Agent.objects.visible_to(actor).filter(public_id=agent).first()
    if found is None:
        raise NotFound("there is no such agent")
    return found, None


def _check(data: LimitInput) -> None:
    """Refuse what would count nothing."""
    if (data.measure == "amount") != bool(data.currency):
        raise Invalid("an amount has a currency, and nothing else has one")
    if data.tool and data.tool not in tools_here():
        raise Invalid("there is no such tool")
    if data.workflow and data.workflow not in _workflows():
        raise Invalid("there is no such workflow")
    if data.per == "call" and (data.window or data.measure == "calls"):
        raise Invalid("one call is one call: it has no window")
    if data.measure == "amount" and (data.tool or data.workflow):
        _check_tells(data)


def _check_tells(data: LimitInput) -> None:
    """Refuse a limit of amounts on what never tells one: it would only look so."""
    if data.tool:
        actions = [tools_here()[data.tool].action]
    else:
        actions = [step.action for step in workflows.registry[data.workflow].steps]
    if not any(action is not None and action.tells_money() for action in actions):
        raise Invalid(
            "this tells no amount of money that could be counted;"
            " limit its calls, or amounts in every tool"
        )


def _workflows() -> set[str]:
    labels = planes.plane_labels(planes.here().schema)
    return {name for name in workflows.registry if name.partition(".")[0] in labels}
