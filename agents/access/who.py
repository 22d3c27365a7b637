"""Which agents can touch an object, and why: the same tables, asked from the row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import BooleanField, ExpressionWrapper, F, Model, Q
from django.db.models import Value as Constant

from agents.access import conditions
from agents.access.why import NAME, NAMED, NOBODY, Source, rules_in_force
from agents.models import Agent, Role, Rule
from agents.states import RuleState
from agents.tools import catalogue
from paybill_site.accounts.models import User
from paybill_site.kernel import declarations

EVERY, THIS = "every object", "this object"


@dataclass(slots=True)
class Toucher:
    """An agent that can do something with one object, and why, by permission."""

    agent: Agent
    reasons: dict[str, list[Source]] = field(default_factory=dict)


def permissions_of(model: type[Model]) -> list[str]:
    """What agents can be given of rows of the model; nothing of what is their own."""
    tools = catalogue.tools_here().values()
    asked = {tool.permission for tool in tools if tool.model is model}
    return sorted(asked & catalogue.grantable())


def row_of(public_id: str) -> Model | None:
    """The row of a model that agents meet, by its public id, or None."""
    prefix = public_id.partition("_")[0]
    for model in catalogue.models_here():
        own: Any = model._meta.get_field("public_id")
        if own.prefix == prefix:
            found: Model | None = model._base_manager.filter(
                public_id=public_id
            ).first()
            return found
    return None


def touching(row: Model) -> list[Toucher]:
    """The agents that hold a permission on the row, by name. Six queries."""
    names = permissions_of(type(row))
    agents = Agent.objects.order_by("name").select_related("principal")
    found = {agent.principal_id: Toucher(agent) for agent in agents}
    members = _members()
    roles = dict(Role.objects.values_list("group", "name"))

    def note(holders: Iterable[int | None], permission: str, source: Source) -> None:
        for principal in holders:
            if principal in found:
                found[principal].reasons.setdefault(permission, []).append(source)

    for permission, user, group, rows in _held(row, names):
        kind = "role" if group else "grant"
        role = roles.get(group, "a group") if group else ""
        holders = members.get(group, ()) if group else (user,)
        note(holders, permission, Source(kind, role, rows))
    for rule, agent in _rules(row, names):
        role = roles.get(rule.role_id, "a group") if rule.role_id else ""
        holders = (agent,) if rule.role_id is None else members.get(rule.role_id, ())
        note(holders, rule.permission, _of_rule(rule, role))
    return [one for one in found.values() if one.reasons]


def _of_rule(rule: Rule, role: str) -> Source:
    shadow = rule.state == RuleState.SHADOW
    return Source(
        "rule", role, conditions.told(rule.conditions), rule.public_id, shadow
    )


def _members() -> Mapping[int, Sequence[int]]:
    """Group -> principals of agents in it."""
    through: Any = User.groups.through
    found: dict[int, list[int]] = defaultdict(list)
    of_agents = through.objects.filter(user__agent__isnull=False)
    for group, user in of_agents.values_list("group", "user"):
        found[group].append(user)
    return found


def _held(
    row: Model, names: Sequence[str]
) -> Iterable[tuple[str, int | None, int | None, str]]:
    """(permission, user or None, group or None, on what), in one query."""
    wide = Permission.objects.annotate(full=NAME).filter(full__in=names).order_by()
    parts = [
        wide.filter(user__agent__isnull=False).values_list(
            "full", F("user"), NOBODY, Constant(EVERY)
        ),
        wide.filter(group__user__agent__isnull=False)
        .distinct()
        .values_list("full", NOBODY, F("group"), Constant(EVERY)),
    ]
    if tables := getattr(row, "object_grants", None):
        to_user, to_group = (
            table.objects.filter(content_object=row.pk).annotate(full=NAMED).order_by()
            for table in tables
        )
        parts += [
            to_user.values_list("full", F("user"), NOBODY, Constant(THIS)),
            to_group.values_list("full", NOBODY, F("group"), Constant(THIS)),
        ]
    return list(parts[0].union(*parts[1:], all=True).order_by())


def _rules(row: Model, names: Sequence[str]) -> list[tuple[Rule, int]]:
    """Rules that match the row; those that depend on a session count as they may."""
    rules = list(rules_in_force(Q(permission__in=names)).select_related("agent"))
    if not rules or type(row) not in declarations.registry:
        return []
    asked = {f"rule_{rule.pk}": _matches(row, rule) for rule in rules}
    said = type(row)._base_manager.filter(pk=row.pk).values(**asked).get()
    return [
        (rule, rule.agent.principal_id if rule.agent else 0)
        for rule in rules
        if said[f"rule_{rule.pk}"]
    ]


def _matches(row: Model, rule: Rule) -> Any:
    fixed = [
        one for one in rule.conditions if not conditions.session_name(one.get("value"))
    ]
    rows = conditions.matching(type(row), fixed, {}) if fixed else Q(pk=row.pk)
    return ExpressionWrapper(rows, output_field=BooleanField())
