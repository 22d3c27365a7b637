"""Which permissions somebody holds somewhere: on every row, on some, or by a rule.

It decides which tools are offered. Which rows it is, is asked when a tool is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q

from agents.errors import NotGrantable
from agents.models.own import OWN
from agents.tools import catalogue
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
    return frozenset(sure | _on_rows(actor, asked - sure) | (wanted & own))


def _without_asking(actor: Actor, permission: str) -> bool:
    return (
        actor.may(permission)
        or permission in actor.rules
        or bool(actor.accounts_with(permission))
    )


def _on_rows(actor: Actor, permissions: Set[str]) -> set[str]:
    """Held on at least one row: an EXISTS on the grant tables for each permission."""
    asked = Q()
    for tables, names in _by_tables(permissions).items():
        asked |= names & _granted(tables, actor.principal)
    if actor.principal is None or not asked:
        return set()
    found = Permission.objects.filter(asked).order_by()
    named = found.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in named}


def _by_tables(permissions: Set[str]) -> dict[tuple[Any, Any], Q]:
    grouped: dict[tuple[Any, Any], Q] = defaultdict(Q)
    for name in sorted(permissions):
        try:
            model = catalogue.model_of(name)
        except NotGrantable:  # one that guards a field is held on every row or not
            continue
        if tables := getattr(model, "object_grants", None):
            app, _, codename = name.partition(".")
            grouped[tables] |= Q(content_type__app_label=app, codename=codename)
    return grouped


def _granted(tables: tuple[Any, Any], principal: int | None) -> Q:
    to_user, to_group = tables
    same = {"permission": OuterRef("pk")}
    return Q(Exists(to_user.objects.filter(user=principal, **same))) | Q(
        Exists(to_group.objects.filter(group__user=principal, **same))
    )
