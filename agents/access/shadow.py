"""Rules in shadow: what they would have changed, told in the record of the call.

A rule in shadow allows nothing. When an agent that has one calls a tool whose
permission the rule names, the call is decided a second time with the rule as if it were
active, and its record says ``{"shadow": {"rules": [...], "would": ...}}``:

- ``same``: the verdict, and what a list shows, would be no other;
- ``allow``: the object, or the tool, is out of reach now and would not be;
- ``more``: a list or count would have rows that it does not have now;
- ``unknown``: that could not be found out in time.

It costs nothing without a rule in shadow, two look-ups by id for a call on an object,
and one bounded question for a list. The second decision is made with the row policies
out of the way, and nothing but the word goes anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import OperationalError
from django.db.models import Model, Q, QuerySet
from psycopg.errors import QueryCanceled

from agents.access.rules import Known, RulesOf
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor

TIMEOUT = "100ms"


def facts(
    actor: Actor, needed: Sequence[str], model: type[Model], public_id: str = ""
) -> dict[str, Any]:
    """What the record of an admitted call tells; nothing without a rule in shadow.

    ``needed`` are the tool's permissions; ``public_id`` the object it is called on, ""
    for a tool that reads many rows.
    """
    rules = _concerned(actor, needed)
    if not rules:
        return {}
    return _told(rules, _would(actor, needed, model, public_id))


def facts_of_denial(actor: Actor, needed: Sequence[str]) -> dict[str, Any]:
    """The same for a tool that is not offered to the agent at all. No query."""
    rules = _concerned(actor, needed)
    if not rules:
        return {}
    named = {rule.permission for rule in rules}
    reached = all(
        actor.in_scope(name)
        and (name in named or actor.may(name) or name in actor.rules)
        for name in needed
    )
    return _told(rules, "allow" if reached else "unknown")


def _told(rules: Sequence[Known], would: str) -> dict[str, Any]:
    return {"shadow": {"rules": [rule.fact for rule in rules], "would": would}}


def _concerned(actor: Actor, needed: Sequence[str]) -> tuple[Known, ...]:
    if not isinstance(actor.rules, RulesOf):
        return ()
    return tuple(rule for rule in actor.rules.shadow if rule.permission in needed)


def _would(
    actor: Actor, needed: Sequence[str], model: type[Model], public_id: str
) -> str:
    wider = _widened(actor)
    try:
        with planes.atomic(read_only=True):
            with planes.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{TIMEOUT}'")
            then = _rows(wider, needed, model)
            now = _rows(actor, needed, model)
            if not public_id:
                more = then.exclude(pk__in=now.values("pk")).exists()
                return "more" if more else "same"
            known = now.filter(public_id=public_id).exists()
            opened = not known and then.filter(public_id=public_id).exists()
            return "allow" if opened else "same"
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            return "unknown"
        raise


def _rows(actor: Actor, needed: Sequence[str], model: type[Model]) -> QuerySet[Any]:
    rows: Any = model._default_manager.all()
    for permission in needed:
        rows = rows.permitted(actor, permission)
    found: QuerySet[Any] = rows
    return found


def _widened(actor: Actor) -> Actor:
    """The actor as if its rules in shadow were active."""
    rules: Any = actor.rules
    rows = dict(rules)
    for rule in rules.shadow:
        rows[rule.permission] = rows.get(rule.permission, Q()) | rule.rows
    return replace(actor, rules=rows)
