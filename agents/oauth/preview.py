"""What an assistant will be able to do, tool by tool, before anybody consents.

The same three things decide as in a call: what the assistant's agent and its roles were
granted, what the person may do, and the scopes. Whatever is missing is said in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q

from agents.access import conditions
from agents.models import Agent, Limit, Rule
from agents.states import RuleState
from agents.tools import catalogue, offer
from paybill_site.kernel.actors import Actor

# The role of every connected assistant: what it is granted, people can hand on.
ASSISTANTS = "assistants"
SHOWN = 5
EVERY = "everything that you may"


@dataclass(frozen=True, slots=True)
class ToolShown:
    """A tool in words, and whether it changes something."""

    name: str
    title: str
    description: str
    changes: bool


@dataclass(slots=True)
class Scope:
    """A permission that the assistant asks for: its tools, and what they reach."""

    name: str
    reach: tuple[str, ...]
    tools: list[ToolShown] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        return bool(self.reach)

    @property
    def changes(self) -> bool:
        return any(tool.changes for tool in self.tools)


def scopes(asked: Iterable[str], agent: Agent | None, person: Actor) -> list[Scope]:
    """The scopes that were asked for, those that work before those that do not."""
    wanted = set(asked)
    found: dict[str, Scope] = {}
    for tool in catalogue.tools_here().values():
        needed = [name for name in offer.needed(tool) if name in wanted]
        if tool.permission not in needed:
            continue
        scope = found.get(tool.permission)
        if scope is None:
            reach = tuple(_reach(tool.permission, agent, person))
            scope = found[tool.permission] = Scope(tool.permission, reach)
        title = tool.name.replace("_", " ").capitalize()
        scope.tools.append(
            ToolShown(tool.name, title, tool.description, not tool.reads)
        )
    return sorted(found.values(), key=lambda one: (not one.usable, one.name))


def limits(agent: Agent | None) -> list[str]:
    """The limits under which it will be, in words."""
    held = Q(role__agent_role__name=ASSISTANTS)
    if agent is not None:
        held |= Q(agent=agent) | Q(role__user=agent.principal_id)
    return [str(limit) for limit in Limit.objects.filter(held).distinct()[:20]]


def _reach(permission: str, agent: Agent | None, person: Actor) -> Iterator[str]:
    """On what the permission will hold, for people to read; nothing for not at all."""
    if not _person_has(permission, person):
        return
    app, _, codename = permission.partition(".")
    named = {"codename": codename, "content_type__app_label": app}
    holders = Q(group__agent_role__name=ASSISTANTS)
    if agent is not None:
        principal = agent.principal_id
        holders = Q(user=principal) | Q(group__user=principal)
    if Permission.objects.filter(holders, **named).exists():
        yield EVERY
        return
    count = _rows(permission, agent)
    if count:
        yield f"{count} chosen {'one' if count == 1 else 'ones'}"
    yield from _rules(permission, agent)


def _person_has(permission: str, person: Actor) -> bool:
    if person.may(permission):
        return True
    rows: Any = catalogue.model_of(permission)._default_manager
    return bool(rows.permitted(person, permission).exists())


def _rows(permission: str, agent: Agent | None) -> int:
    """On how many single rows it was granted."""
    tables: Any = getattr(catalogue.model_of(permission), "object_grants", None)
    if tables is None:
        return 0
    to_user, to_group = tables
    app, _, codename = permission.partition(".")
    same = {
        "permission__codename": codename,
        "permission__content_type__app_label": app,
    }
    if agent is None:
        return int(
            to_group.objects.filter(group__agent_role__name=ASSISTANTS, **same).count()
        )
    principal = agent.principal_id
    own = to_user.objects.filter(user=principal, **same).count()
    return int(own + to_group.objects.filter(group__user=principal, **same).count())


def _rules(permission: str, agent: Agent | None) -> Iterator[str]:
    held = Q(role__agent_role__name=ASSISTANTS)
    if agent is not None:
        held = Q(agent=agent) | Q(role__user=agent.principal_id)
    rules = Rule.objects.filter(held, permission=permission, state=RuleState.ACTIVE)
    for rule in rules.distinct()[:SHOWN]:
        yield f"those where {conditions.told(rule.conditions)}"
