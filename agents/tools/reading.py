"""Answers of the tools that read: few columns, a page at a time, in the agents' role.

The query runs in a read-only transaction of the plane's agent role, which can read
the declared columns and nothing else, and is stopped when it takes too long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import OperationalError
from django.db.models import Model, Q, QuerySet
from psycopg.errors import QueryCanceled

from agents.errors import TooSlow
from agents.tools import cursors
from agents.tools.catalogue import Tool, Verb
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import Declaration, id_names, part_model
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.schemas import plain

COUNTED = 10_000
MOST_PARTS = 200
TIMEOUT = "2s"


def answer(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    """The result of a reading tool. Raises NotFound, Invalid and TooSlow."""
    try:
        with planes.plane(planes.here(), role="agent"), planes.atomic(read_only=True):
            with planes.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{TIMEOUT}'")
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
    rows = _asked_for(tool, asked, actor)
    if asked.cursor:
        last = cursors.unseal(actor, [tool.name, question], asked.cursor)
        rows = rows.filter(_behind(sort, last, descending))
    rows = rows.order_by(*(f"-{name}" if descending else name for name in sort))
    # One row more than the page tells whether there is a next one.
    found = _shown(rows[: asked.limit + 1], tools.fields)
    page, more = found[: asked.limit], len(found) > asked.limit
    following = None
    if more:
        end = [page[-1]["id" if name == "public_id" else name] for name in sort]
        following = cursors.seal(actor, [tool.name, question], end)
    return {"rows": page, "next": following}


def _get(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    tools = _declaration(tool)
    row = _visible(tool.model, actor).filter(public_id=asked.id)
    found = _shown(row, tools.fields)
    if not found:
        raise NotFound(f"there is no such {tool.model._meta.verbose_name}")
    shown = found[0]
    for accessor, fields in tools.parts.items():
        shown[accessor] = _parts(tool.model, accessor, fields, asked.id)
    return shown


def _count(tool: Tool, asked: Any, actor: Actor) -> dict[str, Any]:
    rows = _asked_for(tool, asked, actor).order_by()
    counted = rows.values("pk")[: COUNTED + 1].count()
    return {"count": min(counted, COUNTED), "more": counted > COUNTED}


ANSWERS: dict[Verb, Callable[[Tool, Any, Actor], dict[str, Any]]] = {
    Verb.LIST: _list,
    Verb.GET: _get,
    Verb.COUNT: _count,
}


def _declaration(tool: Tool) -> Declaration:
    if tool.tools is None:
        raise TypeError(f"{tool.name} does not read")
    return tool.tools


def _visible(model: type[Model], actor: Actor) -> QuerySet[Model]:
    rows: Any = model._default_manager
    seen: QuerySet[Model] = rows.visible_to(actor)
    return seen


def _asked_for(tool: Tool, asked: Any, actor: Actor) -> QuerySet[Model]:
    tools = _declaration(tool)
    rows = _visible(tool.model, actor)
    for name in tools.filters:
        value = getattr(asked, name)
        if value is not None:
            rows = rows.filter(**{_path(tool.model, name): value})
    if tools.search and asked.search:
        found = Q()
        for name in tools.search:
            found |= Q(**{f"{name}__icontains": asked.search})
        rows = rows.filter(found)
    return rows


def _path(model: type[Model], name: str) -> str:
    """The look-up of a filter or field; related rows are named by public id."""
    field, _, lookup = name.partition("__")
    if model._meta.get_field(field).is_relation:
        field = f"{field}__public_id"
    return f"{field}__{lookup}" if lookup else field


def _behind(sort: list[str], last: list[Any], descending: bool) -> Q:
    """Rows after ``last``: the first sorting value differs, or it ties."""
    compare = "lt" if descending else "gt"
    *firsts, (name, value) = zip(sort, last, strict=True)
    behind = Q(**{f"{name}__{compare}": value})
    for first, its in firsts:
        behind = Q(**{f"{first}__{compare}": its}) | (Q(**{first: its}) & behind)
    return behind


def _shown(rows: QuerySet[Any], fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows as JSON, read column by column: nothing undeclared is fetched."""
    ids = id_names(rows.model)
    names = (*("id" for _ in ids), *fields)
    paths = [*ids, *(_path(rows.model, name) for name in fields)]
    return [
        dict(zip(names, map(plain, values), strict=True))
        for values in rows.values_list(*paths)
    ]


def _parts(
    model: type[Model], accessor: str, fields: tuple[str, ...], public_id: str
) -> list[dict[str, Any]]:
    related: Any = model._meta.get_field(accessor)
    rows = part_model(model, accessor)._default_manager.filter(
        **{f"{related.field.name}__public_id": public_id}
    )
    return _shown(rows.order_by("pk")[:MOST_PARTS], fields)
