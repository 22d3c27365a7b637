"""Rows as an agent is shown them: declared columns, and nothing of what it can not see.

A row of another model is named by its public id where the agent may see that row, and
is null where it may not; so a reference tells no more than asking for the row would.
Parts belong to their owner: they are visible with it, unless their model has grants or
tools of its own. All of it is decided inside the one query that reads the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial, reduce
from operator import or_
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    ForeignKey,
    IntegerField,
    JSONField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
)
from pydantic import BaseModel, TypeAdapter, ValidationError

from paybill_site.kernel import declarations
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import Extent, id_names, owners_of, part_model
from paybill_site.kernel.granted import WHOLE, Span
from paybill_site.kernel.schemas import plain

MOST_PARTS = 200
SEEN = "paybill_seen_"
# Of these the database gives what JSON has; of a reference its public id is read.
AS_IT_IS = (BooleanField, CharField, ForeignKey, IntegerField, JSONField, TextField)


def visible(model: type[Model], actor: Actor) -> QuerySet[Any]:
    """The rows that the actor may see, also of a model that is met as parts only."""
    rows: Any = model._default_manager
    owners = owners_of(model)
    if governed(model) or not owners:
        seen: QuerySet[Any] = (
            rows.visible_to(actor) if hasattr(rows, "visible_to") else rows.none()
        )
        return seen
    theirs = ((way, visible(owner, actor)) for owner, way in owners)
    ways = [
        Q() if _is_all(seen) else Q(**{f"{way}__in": seen})
        for way, seen in theirs
        if not seen.query.is_empty()
    ]
    if not ways:
        return rows.none()  # type: ignore[no-any-return]
    found: QuerySet[Any] = rows.all()
    return found if not all(ways) else found.filter(reduce(or_, ways))


def visible_parts(
    model: type[Model], actor: Actor, span: Span = WHOLE
) -> list[QuerySet[Any]]:
    """The same in parts that together are all of them, as one list reads them best.

    Those between the numbers of ``span`` are all there; others need not be.
    """
    rows: Any = model._default_manager
    if governed(model) and hasattr(rows, "parts_visible_to"):
        found: list[QuerySet[Any]] = rows.parts_visible_to(actor, span)
        return found
    return [visible(model, actor)]


def governed(model: type[Model]) -> bool:
    """Whether it is said for the model's own rows who sees them."""
    return model in declarations.registry or hasattr(model, "object_grants")


def named(field: Any, actor: Actor, lookup: str, value: Any) -> Q:
    """Rows that point to these visible rows, by public id."""
    seen = visible(field.related_model, actor)
    asked = f"public_id__{lookup}" if lookup != "exact" else "public_id"
    if _is_all(seen):
        return Q(**{f"{field.name}__{asked}": value})
    return Q(**{f"{field.name}__in": seen.filter(**{asked: value})})


def shown(
    rows: QuerySet[Any], tools: Extent, actor: Actor, accessor: str = ""
) -> dict[int, dict[str, Any]]:
    """The rows as JSON by their number, which is not shown.

    They are read column by column: nothing undeclared is fetched.
    """
    fields = tools.parts[accessor] if accessor else tools.fields
    ids = id_names(rows.model)
    hidden, columns = {}, {name: name for name in ids}
    for name in fields:
        column, reference = _column(rows.model, name, actor)
        hidden.update(reference)
        if column:
            columns[name] = column
    names = ["id" if name in ids else name for name in columns]
    empty = dict.fromkeys([*("id" for _ in ids), *fields])
    asked = rows.annotate(**hidden) if hidden else rows
    found = {
        pk: {**empty, **dict(zip(names, values, strict=True))}
        for pk, *values in asked.values_list("pk", *columns.values())
    }
    for name, say in _said(rows.model, tools, fields, accessor):
        said = say([row[name] for row in found.values()])
        for row, value in zip(found.values(), said, strict=True):
            row[name] = value
    return found


def parts(
    tools: Extent, accessor: str, public_id: str, actor: Actor
) -> list[dict[str, Any]]:
    """The parts of a row that the actor was found to see."""
    related: Any = tools.model._meta.get_field(accessor)
    model = part_model(tools.model, accessor)
    rows: Any = visible(model, actor) if governed(model) else model._default_manager
    of_row = rows.filter(**{f"{related.field.name}__public_id": public_id})
    return [*shown(of_row.order_by("pk")[:MOST_PARTS], tools, actor, accessor).values()]


def _column(
    model: type[Model], name: str, actor: Actor
) -> tuple[str, dict[str, Subquery]]:
    """What to read for a field: its column, or the id of a row that may be seen.

    Nothing for rows of which none may be seen.
    """
    field: Any = model._meta.get_field(name)
    if not field.is_relation:
        return name, {}
    seen = visible(field.related_model, actor)
    if _is_all(seen):
        return f"{name}__public_id", {}
    if seen.query.is_empty():
        return "", {}
    one = seen.filter(pk=OuterRef(field.attname)).order_by().values("public_id")[:1]
    return SEEN + name, {SEEN + name: Subquery(one)}


def _is_all(rows: QuerySet[Any]) -> bool:
    """Whether nothing is filtered out: then a plain join says the same."""
    return not rows.query.where and not rows.query.is_sliced


def _said(
    model: type[Model], tools: Extent, fields: Iterable[str], accessor: str
) -> Iterator[tuple[str, Callable[[list[Any]], list[Any]]]]:
    """Fields whose values are not JSON already, and how a column becomes JSON."""
    start = f"{accessor}." if accessor else ""
    kinds = tools.declared.typed
    for name in fields:
        if kind := kinds.get(start + name):
            yield name, partial(_as, kind)
        elif not isinstance(model._meta.get_field(name), AS_IT_IS):
            yield name, _plain


def _plain(values: list[Any]) -> list[Any]:
    return [plain(value) for value in values]


def _as(kind: type[BaseModel], values: list[Any]) -> list[Any]:
    """What of JSON values is declared; null where one does not have that form."""
    column = _column_as(kind)
    try:
        return column.dump_python(column.validate_python(values), mode="json")  # type: ignore[no-any-return]
    except ValidationError:
        if len(values) == 1:
            return [None]
        return [_as(kind, [value])[0] for value in values]


@cache
def _column_as(kind: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(list[kind | None])  # type: ignore[valid-type]
