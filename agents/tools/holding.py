"""Which permissions somebody holds somewhere: on every row, on some, or by a rule.

It decides which tools are offered. Which rows it is, is asked when a tool is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from contextlib import suppress
from dataclasses import replace

from django.db.models import Model

from agents.errors import NotGrantable
from agents.models.own import OWN
from agents.tools import catalogue
from paybill_site.kernel import granted
from paybill_site.kernel.actors import Actor, Kind


def held(actor: Actor, permissions: Iterable[str]) -> frozenset[str]:
    """Those of the permissions that the actor can use on some row. At most one query.

    (Two for an agent that acts for a person, who has to hold them as well.)
    """
    own = OWN if actor.kind is Kind.AGENT else frozenset()
    wanted = frozenset(permissions)
    asked = {name for name in wanted - own if actor.in_scope(name)}
    if actor.behalf is not None:
        asked &= held(actor.behalf, asked)
        actor = replace(actor, behalf=None)
    sure = {name for name in asked if _without_asking(actor, name)}
    found = granted.somewhere(actor, _by_model(asked - sure))
    return frozenset(sure | found | (wanted & own))


def _without_asking(actor: Actor, permission: str) -> bool:
    return (
        actor.may(permission)
        or permission in actor.rules
        or bool(actor.accounts_with(permission))
    )


def _by_model(permissions: Set[str]) -> dict[type[Model], list[str]]:
    grouped: dict[type[Model], list[str]] = defaultdict(list)
    for name in sorted(permissions):
        # One that guards a field is held on every row or not at all.
        with suppress(NotGrantable):
            grouped[catalogue.model_of(name)].append(name)
    return grouped
