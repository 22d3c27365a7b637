"""Answers of the tools that read: few columns, a page at a time, in the agents' role.

The query runs behind the second wall (``agents.access.walls``): in a read-only
transaction of the plane's agent role, which can read the declared columns and nothing
else, and is stopped when it takes too long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db import OperationalError
from django.db.models import Model, Q, QuerySet
from psycopg.errors import QueryCanceled

from agents.access import walls
from agents.errors import TooSlow
from agents.tools import cursors, rows
from agents.tools.catalogue import Tool, Verb
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import Extent, split_filter
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.granted import WHOLE

COUNTED = 10_000


def answer(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    """The result of a reading tool. Raises NotFound, Invalid and TooSlow."""
    try:
        with walls.enter(actor):
            return ANSWERS[tool.verb](tool, asked, actor)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow(rule="time") from error
        raise


def _list(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    tools = _declaration(tool)
    question = asked.model_dump(mode="json", exclude={"cursor", "limit"})
    name, descending = asked.order.lstrip("-"), asked.order.startswith("-")
    sort = ["pk"] if name == "id" else [name, "pk"]
    wanted, span = _asked_for(tool, asked, actor), WHOLE
    if asked.cursor:
        last = cursors.unseal(actor, [tool.name, question], asked.cursor)
        wanted &= _behind(sort, last, descending)
        if sort == ["pk"]:
            span = (None, last[0]) if descending else (last[0], None)
    order = [f"-{name}" if descending else name for name in sort]
    # One row more than the page tells whether there is a next one.
    parts = rows.visible_parts(tool.model, actor, span)
    first = _first(tool.model, parts, wanted, order, asked.limit + 1)
    found = rows.shown(first, tools, actor)
    page = list(found.items())[: asked.limit]
    following = None
    if len(found) > asked.limit:
        pk, row = page[-1]
        end = [pk if name == "pk" else row[name] for name in sort]
        following = cursors.seal(actor, [tool.name, question], end)
    return {"rows": [row for _, row in page], "next": following}


def _get(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    tools = _declaration(tool)
    row = rows.visible(tool.model, actor).filter(public_id=asked.id)
    shown = next(iter(rows.shown(row, tools, actor).values()), None)
    if shown is None:
        raise NotFound(f"there is no such {tool.model._meta.verbose_name}")
    for accessor in tools.parts:
        shown[accessor] = rows.parts(tools, accessor, asked.id, actor)
    return shown


def _count(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    wanted = _asked_for(tool, asked, actor)
    parts = rows.visible_parts(tool.model, actor)
    found = _first(tool.model, parts, wanted, [], COUNTED + 1)
    counted = found.values("pk").count()
    return {"count": min(counted, COUNTED), "more": counted > COUNTED}


ANSWERS: dict[Verb, Callable[[Tool, Any, Actor], dict[str, Any]]] = {
    Verb.LIST: _list,
    Verb.GET: _get,
    Verb.COUNT: _count,
}


def _declaration(tool: Tool) -> Extent:
    if tool.tools is None:
        raise TypeError(f"{tool.name} does not read")
    return tool.tools


def _first(
    model: type[Model],
    parts: Iterable[QuerySet[Any]],
    wanted: Q,
    order: list[str],
    most: int,
) -> QuerySet[Any]:
    """The first so many rows of all parts together, as far as they are asked for."""
    firsts = [part.filter(wanted).order_by(*order)[:most] for part in parts]
    if len(firsts) == 1:
        return firsts[0]
    every = model._default_manager
    if not firsts:
        return every.none()
    one, *others = (first.values("pk") for first in firsts)
    found = every.filter(pk__in=one.union(*others, all=True))
    return found.order_by(*order)[:most]


def _asked_for(tool: Tool, asked: Any, actor: Actor) -> Q:
    tools = _declaration(tool)
    wanted = Q()
    for name in tools.filters:
        value = getattr(asked, name)
        if value is not None:
            wanted &= _filter(tools, name, value, actor)
    if tools.search and asked.search:
        words = (Q(**{f"{name}__icontains": asked.search}) for name in tools.search)
        wanted &= reduce(or_, words)
    return wanted


def _filter(tools: Extent, name: str, value: Any, actor: Actor) -> Q:
    field_name, lookup = split_filter(name)
    field = tools.model._meta.get_field(field_name)
    if field.is_relation:
        return rows.named(field, actor, lookup, value)
    return Q(**{name: value})


def _behind(sort: list[str], last: list[Any], descending: bool) -> Q:
    """Rows after ``last``: the first sorting value differs, or it ties."""
    compare = "lt" if descending else "gt"
    *firsts, (name, value) = zip(sort, last, strict=True)
    behind = Q(**{f"{name}__{compare}": value})
    for first, its in firsts:
        behind = Q(**{f"{first}__{compare}": its}) | (Q(**{first: its}) & behind)
    return behind
