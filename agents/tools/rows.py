"""Rows as an agent is shown them: declared columns, and nothing of what it can not see.

A row of another model is named by its public id where the agent may see that row, and
is null where it may not; so a reference tells no more than asking for the row would.
Parts belong to their owner: they are visible with it, unless their model has grants or
tools of its own. All of it is decided inside the one query that reads the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from pydantic import BaseModel, ValidationError

from paybill_site.kernel import declarations
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import Extent, id_names, owners_of, part_model
from paybill_site.kernel.schemas import plain

MOST_PARTS = 200
SEEN = "paybill_seen_"


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
    ways = [Q() if _is_all(seen) else Q(**{f"{way}__in": seen}) for way, seen in theirs]
    found: QuerySet[Any] = rows.all()
    return found if not all(ways) else found.filter(reduce(or_, ways))


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
) -> list[dict[str, Any]]:
    """The rows as JSON, read column by column: nothing undeclared is fetched."""
    fields = tools.parts[accessor] if accessor else tools.fields
    ids = id_names(rows.model)
    hidden, columns = {}, []
    for name in fields:
        column, reference = _column(rows.model, name, actor)
        columns.append(column)
        hidden.update(reference)
    typed = _typed(tools, fields, accessor)
    names = (*("id" for _ in ids), *fields)
    found = rows.annotate(**hidden).values_list(*ids, *columns)
    return [
        {
            name: _as(typed[name], value) if name in typed else plain(value)
            for name, value in zip(names, values, strict=True)
        }
        for values in found
    ]


def parts(
    tools: Extent, accessor: str, public_id: str, actor: Actor
) -> list[dict[str, Any]]:
    """The parts of a row that the actor was found to see."""
    related: Any = tools.model._meta.get_field(accessor)
    model = part_model(tools.model, accessor)
    rows: Any = visible(model, actor) if governed(model) else model._default_manager
    of_row = rows.filter(**{f"{related.field.name}__public_id": public_id})
    return shown(of_row.order_by("pk")[:MOST_PARTS], tools, actor, accessor)


def _column(
    model: type[Model], name: str, actor: Actor
) -> tuple[str, dict[str, Subquery]]:
    """What to read for a field: its column, or the id of a row that may be seen."""
    field: Any = model._meta.get_field(name)
    if not field.is_relation:
        return name, {}
    seen = visible(field.related_model, actor)
    if _is_all(seen):
        return f"{name}__public_id", {}
    one = seen.filter(pk=OuterRef(field.attname)).order_by().values("public_id")[:1]
    return SEEN + name, {SEEN + name: Subquery(one)}


def _is_all(rows: QuerySet[Any]) -> bool:
    """Whether nothing is filtered out: then a plain join says the same."""
    return not rows.query.where and not rows.query.is_sliced


def _typed(
    tools: Extent, fields: Iterable[str], accessor: str
) -> dict[str, type[BaseModel]]:
    start = f"{accessor}." if accessor else ""
    kinds = tools.declared.typed
    return {name: kinds[start + name] for name in fields if start + name in kinds}


def _as(kind: type[BaseModel], value: Any) -> Any:
    """What of a JSON value is declared; null where it does not have that form."""
    try:
        return kind.model_validate(value).model_dump(mode="json")
    except ValidationError:
        return None
