"""Rules: a permission on the rows that a typed filter matches, also those to come.

The rules of an agent and of its roles are read when it comes in. Active
ones widen what the agent may do (``Actor.rules``); the ones in shadow are carried along
to be evaluated and logged, and change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from agents.access import conditions
from agents.errors import NotGrantable
from agents.states import RuleState
from agents.tools import catalogue
from paybill_site.kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Known:
    """A rule as it stood when the agent came in."""

    id: str
    version: int
    permission: str
    rows: Q

    @property
    def fact(self) -> str:
        """How the audit names it: ``rul_...@3``."""
        return f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True)
class RulesOf(Mapping[str, Q]):
    """Permission -> rows that active rules match; with the rules behind them."""

    active: tuple[Known, ...] = ()
    shadow: tuple[Known, ...] = ()
    rows: Mapping[str, Q] = field(default_factory=dict)

    def __getitem__(self, permission: str) -> Q:
        return self.rows[permission]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def of_rows(rows: Iterable[Mapping[str, Any]], session: Mapping[str, str]) -> RulesOf:
    """An Actor's ``rules``, from those that are in force (``agents.access.inforce``).

    ``session`` are the names and values of the session that the token was issued for.
    """
    active: list[Known] = []
    shadow: list[Known] = []
    for rule in rows:
        known = Known(
            id=rule["public_id"],
            version=rule["version"],
            permission=rule["permission"],
            rows=_rows(rule["permission"], rule["conditions"], session),
        )
        (active if rule["state"] == RuleState.ACTIVE else shadow).append(known)
    return RulesOf(tuple(active), tuple(shadow), _by_permission(active))


def used(actor: Actor, permission: str) -> list[str]:
    """The active rules that take part in deciding on the permission, for the audit."""
    if not isinstance(actor.rules, RulesOf):
        return []
    return [rule.fact for rule in actor.rules.active if rule.permission == permission]


def _rows(
    permission: str, filters: list[conditions.Condition], session: Mapping[str, str]
) -> Q:
    try:
        model = catalogue.model_of(permission)
    except NotGrantable:  # the tool is gone; its rules stay for who looks back
        return conditions.NOTHING
    return conditions.matching(model, filters, session)


def _by_permission(rules: Iterable[Known]) -> dict[str, Q]:
    """Rules of one permission add up; what matches nothing gives nothing."""
    found: dict[str, Q] = {}
    for rule in rules:
        if rule.rows != conditions.NOTHING:
            found[rule.permission] = found.get(rule.permission, Q()) | rule.rows
    return found
