"""Answers of the tools that read: few columns, a page at a time, in the agents' role.

The query runs behind the second wall (``agents.access.walls``): in a read-only
transaction of the plane's agent role, which can read the declared columns and nothing
else, and is stopped when it takes too long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.models import Q, QuerySet
from psycopg.errors import QueryCanceled

from agents.access import walls
from agents.errors import TooSlow
from agents.tools import cursors, rows
from agents.tools.catalogue import Tool, Verb
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import Extent, split_filter
from paybill_site.kernel.errors import NotFound

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
    sort = ["public_id"] if name == "id" else [name, "public_id"]
    wanted = _asked_for(tool, asked, actor)
    if asked.cursor:
        last = cursors.unseal(actor, [tool.name, question], asked.cursor)
        wanted = wanted.filter(_behind(sort, last, descending))
    wanted = wanted.order_by(*(f"-{name}" if descending else name for name in sort))
    # One row more than the page tells whether there is a next one.
    found = rows.shown(wanted[: asked.limit + 1], tools, actor)
    page, more = found[: asked.limit], len(found) > asked.limit
    following = None
    if more:
        end = [page[-1]["id" if name == "public_id" else name] for name in sort]
        following = cursors.seal(actor, [tool.name, question], end)
    return {"rows": page, "next": following}


def _get(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    tools = _declaration(tool)
    row = rows.visible(tool.model, actor).filter(public_id=asked.id)
    found = rows.shown(row, tools, actor)
    if not found:
        raise NotFound(f"there is no such {tool.model._meta.verbose_name}")
    shown = found[0]
    for accessor in tools.parts:
        shown[accessor] = rows.parts(tools, accessor, asked.id, actor)
    return shown


def _count(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    wanted = _asked_for(tool, asked, actor).order_by()
    counted = wanted.values("pk")[: COUNTED + 1].count()
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


def _asked_for(tool: Tool, asked: Any, actor: Actor) -> QuerySet[Any]:
    tools = _declaration(tool)
    found = rows.visible(tool.model, actor)
    for name in tools.filters:
        value = getattr(asked, name)
        if value is not None:
            found = found.filter(_filter(tools, name, value, actor))
    if tools.search and asked.search:
        words = Q()
        for name in tools.search:
            words |= Q(**{f"{name}__icontains": asked.search})
        found = found.filter(words)
    return found


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
