"""The typed arguments of the tools that read, made from a declaration.

One class parses the arguments and gives the published schema, so the schema is what
the server accepts.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.db import models
from pydantic import AwareDatetime, Field, create_model
from pydantic.config import JsonDict

from agents.models import WorkflowRun
from agents.tools.verbs import Verb
from paybill_site.kernel import updates
from paybill_site.kernel.actions import AnyAction, Input
from paybill_site.kernel.declarations import (
    Extent,
    currency_of,
    is_money,
    split_filter,
)
from paybill_site.kernel.ids import id_pattern
from paybill_site.kernel.schemas import BIG, Unsupported

TEXT = 200
MOST = 100
# PostgreSQL keeps no NUL in a text, and offsets must not leave its range of years.
PLAIN = r"^[^\x00]*$"
EARLIEST = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
LATEST = datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC)
NEWEST_FIRST = "-id"
# Left out of the audit trail, which is never erased.
SENSITIVE: JsonDict = {"sensitive": True}
COMPARED = {
    "exact": "",
    "in": "is one of these",
    "gt": "is above",
    "gte": "is at least",
    "lt": "is below",
    "lte": "is at most",
}


def of_list(tools: Extent) -> type[Input]:
    """Filters, search, order, size of a page and the cursor of the next."""
    fields: dict[str, Any] = {
        "order": (
            Literal[orders(tools)],
            Field(NEWEST_FIRST, description="ascending, or - descending"),
        ),
        "limit": (int, Field(tools.page_size, ge=1, le=MOST)),
        "cursor": (
            str,
            Field("", max_length=2000, description="next of the page before"),
        ),
    }
    name = f"List{tools.model.__name__}"
    return create_model(name, __base__=of_count(tools), **fields)


def of_count(tools: Extent) -> type[Input]:
    """Filters and search."""
    fields: dict[str, Any] = {
        name: (_filter_type(tools.model, name), _optional(tools, name))
        for name in tools.filters
    }
    if tools.search:
        words = f"words to find in {', '.join(tools.search)}"
        hidden = not set(tools.search).isdisjoint(tools.declared.sensitive)
        fields["search"] = (
            str,
            Field(
                "",
                max_length=TEXT,
                pattern=PLAIN,
                description=words,
                json_schema_extra=SENSITIVE if hidden else None,
            ),
        )
    return create_model(f"Count{tools.model.__name__}", __base__=Input, **fields)


def of_get(model: type[models.Model]) -> type[Input]:
    """The public id of a row."""
    return create_model(
        f"Get{model.__name__}", __base__=Input, id=(_id_type(model), ...)
    )


def of_action(action: AnyAction, data: type[Input] | None = None) -> type[Input]:
    """The action's own input and, unless it creates, the id of its target."""
    data = data or action.Input
    return data if action.creates else _with(data, action, id=action.model)


def of_step(action: AnyAction, data: type[Input], *, target: bool) -> type[Input]:
    """The run in which it is a step; its target too, unless it is the run's subject."""
    more = {"id": action.model} if target else {}
    return _with(data, action, run=WorkflowRun, **more)


def _with(
    data: type[Input], action: AnyAction, **ids: type[models.Model]
) -> type[Input]:
    taken = ids.keys() & data.model_fields.keys()
    if taken:
        raise ValueError(f"{action.name}: the argument {taken.pop()} is the tool's")
    named: dict[str, Any] = {name: (_id_type(of), ...) for name, of in ids.items()}
    return create_model(f"{action.__name__}Arguments", __base__=data, **named)


def narrowed(
    verb: Verb, taken: type[Input], action: AnyAction | None, tools: Extent | None
) -> type[Input]:
    """The arguments for an agent that meets no more than this of the declaration."""
    if tools is None or verb is Verb.GET:
        return taken
    if action is None:
        return of_list(tools) if verb is Verb.LIST else of_count(tools)
    data = updates.input_of(tools.declared, tools.writable)
    if "run" in taken.model_fields:
        return of_step(action, data, target="id" in taken.model_fields)
    return of_action(action, data)


def orders(tools: Extent) -> tuple[str, ...]:
    """The values of ``order``: by public id (time of creation) or a declared field."""
    names = ("id", *tools.ordering)
    return tuple(sign + name for name in names for sign in ("", "-"))


def _optional(tools: Extent, name: str) -> Any:
    """An argument that may be left out."""
    field, lookup = split_filter(name)
    verbose = getattr(tools.model._meta.get_field(field), "verbose_name", field)
    words = f"{verbose} {COMPARED[lookup]}".strip()
    if is_money(tools.declared, field):
        words = f"{words}, in minor units of {currency_of(tools.declared)}"
    hidden = field in tools.declared.sensitive
    return Field(
        None, description=words, json_schema_extra=SENSITIVE if hidden else None
    )


def _id_type(model: type[models.Model]) -> Any:
    prefix = model._meta.get_field("public_id").prefix  # type: ignore[union-attr]
    about = f"public id of the {model._meta.verbose_name}"
    return Annotated[str, Field(pattern=id_pattern(prefix), description=about)]


def _filter_type(model: type[models.Model], name: str) -> Any:
    field_name, lookup = split_filter(name)
    one: Any = value_type(model._meta.get_field(field_name))
    if lookup == "in":
        return Annotated[
            tuple.__class_getitem__((one, ...)), Field(min_length=1, max_length=MOST)
        ]
    return one


def value_type(field: Any) -> Any:
    """The type of one value of a field in filters and rules. Raises Unsupported."""
    if field.is_relation:
        return _id_type(field.related_model)
    if field.choices:
        return Literal[tuple(value for value, _ in field.flatchoices)]
    for kind, made in (
        (models.BooleanField, bool),
        (models.IntegerField, Annotated[int, Field(ge=-BIG, le=BIG)]),
        (models.DateTimeField, Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]),
        (
            models.DateField,
            Annotated[datetime.date, Field(ge=EARLIEST.date(), le=LATEST.date())],
        ),
        (models.CharField, Annotated[str, Field(max_length=TEXT, pattern=PLAIN)]),
        (models.TextField, Annotated[str, Field(max_length=TEXT, pattern=PLAIN)]),
    ):
        if isinstance(field, kind):
            return made
    raise Unsupported(f"{field}: no filter")
