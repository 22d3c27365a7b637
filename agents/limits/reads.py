"""What a read uses: reserved before the query, in the transaction of its record.

A list reserves a page of rows, the others one row at most; a row counts with the parts
that are shown with it. What was not answered is given back afterwards; when a process
dies in between it stays counted, which errs on the safe side. Which objects a list
shows is known only after the query: they are reserved before the answer is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agents.limits import reserving
from agents.limits.claims import Use
from agents.limits.reserving import Reserved
from agents.limits.terms import Terms
from agents.states import Measure
from agents.tools.catalogue import Tool
from agents.tools.verbs import Verb
from paybill_site.kernel import planes
from paybill_site.kernel.actions import Input
from paybill_site.kernel.actors import Actor

BEFORE = frozenset({Measure.CALLS, Measure.ROWS})
ROWS = {Verb.GET: 1, Verb.COUNT: 0}


def use_of(tool: Tool, asked: Input, actor: Actor) -> Use:
    """What the read may use at most; what a list shows is not known yet."""
    about = f"{tool.model._meta.label_lower}:{getattr(asked, 'id', '')}"
    one = about if tool.verb is Verb.GET else ""
    return Use(
        actor=actor,
        tool=tool.name,
        object=one,
        rows=ROWS.get(tool.verb, getattr(asked, "limit", 0)),
        objects=frozenset({one} if one else ()),
        part=frozenset(Measure) if one else BEFORE,
    )


def settle(
    terms: Terms, use: Use, reserved: Reserved, tool: Tool, result: Mapping[str, Any]
) -> dict[str, Any]:
    """Count what was really answered; facts of what was taken besides.

    Raises LimitReached and TooMany when the list shows too many different objects;
    then there is no answer.
    """
    rows = result.get("rows")
    if rows is None:
        return {}
    reserving.give_back(reserved, use.rows - len(rows))
    name = tool.model._meta.label_lower
    shown = frozenset(f"{name}:{row['id']}" for row in rows if "id" in row)
    late = replace(use, objects=shown, part=frozenset({Measure.OBJECTS}))
    if not any(one.measure is Measure.OBJECTS for one in terms.ceilings):
        return {}
    with planes.atomic(durable=True):
        return reserving.reserve(terms, late).facts()
