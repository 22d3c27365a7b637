"""What an agent can do, and why.

It is read from the same tables as the decision itself, in a number of queries that does
not grow with tools, grants or objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import (
    BigIntegerField,
    Count,
    F,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast, Concat, Now

from agents.access import conditions
from agents.access.grants import models_with_grants
from agents.models import Agent, AgentToken, Binding, Limit, Role, Rule
from agents.states import RuleState
from agents.tools import catalogue, offer
from agents.tools.catalogue import Tool

NAME = Concat(F("content_type__app_label"), Value("."), F("codename"))
NAMED = Concat(
    F("permission__content_type__app_label"), Value("."), F("permission__codename")
)
# The type is said, or the first part of a union would make it a text.
NOBODY = Cast(Value(None), BigIntegerField())
MOST_RULES = 200


@dataclass(frozen=True, slots=True)
class Source:
    """One reason: a grant, a role or a rule, and on what."""

    kind: str  # "grant", "role" or "rule"
    holder: str  # name of the role or of the agent
    rows: str  # "every object", "3 objects", or a filter in words
    id: str = ""  # public id of the rule or role
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class Ability:
    """A tool, why the agent may use it, and what narrows that."""

    tool: Tool
    sources: Mapping[str, list[Source]]  # by permission
    tokens: int  # good tokens that have the scopes
    bindings: list[str]
    limits: list[str]

    @property
    def usable(self) -> bool:
        """Whether each permission has a reason that is in force."""
        return all(
            any(not source.shadow for source in self.sources.get(name, ()))
            for name in offer.needed(self.tool)
        )


def abilities(agent: Agent) -> list[Ability]:
    """Every tool for which there is at least one reason, in the order of names."""
    reasons = _reasons(agent)
    scopes = [frozenset(found) for found in _scopes(agent)]
    bound, limited = _narrowing(agent)
    found = []
    for tool in catalogue.tools_here().values():
        needed = offer.needed(tool)
        if any(name in reasons for name in needed):
            found.append(
                Ability(
                    tool=tool,
                    sources={name: reasons.get(name, []) for name in needed},
                    tokens=sum(scope.issuperset(needed) for scope in scopes),
                    bindings=bound[tool.name],
                    limits=[*limited[tool.name], *limited[""]],
                )
            )
    return found


def _reasons(agent: Agent) -> dict[str, list[Source]]:
    roles = dict(
        Role.objects.filter(group__user=agent.principal_id).values_list("group", "name")
    )
    found: dict[str, list[Source]] = defaultdict(list)
    for name, group in _on_everything(agent.principal_id):
        found[name].append(_source(agent, roles, group, "every object"))
    for name, group, count in _on_rows(agent.principal_id):
        rows = f"{count} object{'' if count == 1 else 's'}"
        found[name].append(_source(agent, roles, group, rows))
    for rule in rules_in_force(Q(agent=agent) | Q(role__in=roles)):
        found[rule.permission].append(
            Source(
                kind="rule",
                holder=roles[rule.role_id] if rule.role_id else agent.name,
                rows=conditions.told(rule.conditions),
                id=rule.public_id,
                shadow=rule.state == RuleState.SHADOW,
            )
        )
    return found


def _source(
    agent: Agent, roles: Mapping[int, str], group: int | None, rows: str
) -> Source:
    if group is None:
        return Source("grant", agent.name, rows)
    return Source("role", roles.get(group, "a group"), rows)


def _on_everything(principal: int) -> Iterable[tuple[str, int | None]]:
    own = Permission.objects.filter(user=principal).order_by()
    of_roles = Permission.objects.filter(group__user=principal).order_by()
    found: Any = own.annotate(full=NAME, via=NOBODY).values_list("full", "via")
    shared: Any = of_roles.annotate(full=NAME, via=F("group"))
    return list(found.union(shared.values_list("full", "via"), all=True).order_by())


def _on_rows(principal: int) -> Iterable[tuple[str, int | None, int]]:
    """Permission, group or None, and on how many rows; one query for all models."""
    parts: list[QuerySet[Any, Any]] = []
    for model in models_with_grants():
        to_user, to_group = model.object_grants  # type: ignore[attr-defined]
        own = to_user.objects.filter(user=principal).order_by()
        groups = Group.objects.filter(user=principal).values("pk")
        shared = to_group.objects.filter(group__in=groups).order_by()
        parts += [
            own.annotate(full=NAMED, via=NOBODY).values_list("full", "via"),
            shared.annotate(full=NAMED, via=F("group")).values_list("full", "via"),
        ]
    counted = [part.annotate(rows=Count("pk")) for part in parts]
    if not counted:
        return []
    return list(counted[0].union(*counted[1:], all=True).order_by())


def rules_in_force(whose: Q) -> QuerySet[Rule]:
    """Rules that are not off and not over, at most MOST_RULES."""
    alive = Q(expires_at=None) | Q(expires_at__gt=Now())
    in_force = Rule.objects.filter(whose, alive).exclude(state=RuleState.OFF)
    return in_force.order_by("pk")[:MOST_RULES]


def _scopes(agent: Agent) -> Iterator[list[str]]:
    good = AgentToken.objects.filter(agent=agent, revoked_at=None)
    yield from good.filter(expires_at__gt=Now()).values_list("scopes", flat=True)


def _narrowing(agent: Agent) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Bindings and limits by tool, in words; limits under "" hold for every tool."""
    groups = Group.objects.filter(user=agent.principal_id).values("pk")
    whose = Q(agent=agent) | Q(role__in=groups)
    bound: dict[str, list[str]] = defaultdict(list)
    limited: dict[str, list[str]] = defaultdict(list)
    for binding in Binding.objects.filter(whose):
        bound[binding.tool].append(str(binding))
    everybody = Q(agent=None, role=None)
    for limit in Limit.objects.filter(whose | everybody):
        limited[limit.tool].append(str(limit))
    return bound, limited
