"""The typed arguments of the tools that read, made from a declaration.

One class parses the arguments and gives the published schema, so the schema is what
the server accepts.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.db import models
from pydantic import AwareDatetime, Field, create_model

from paybill_site.kernel.actions import AnyAction, Input
from paybill_site.kernel.declarations import Declaration, split_filter
from paybill_site.kernel.ids import ALPHABET, BODY
from paybill_site.kernel.schemas import Unsupported

BIG = 2**63 - 1
TEXT = 200
MOST = 100
# PostgreSQL keeps no NUL in a text, and offsets must not leave its range of years.
PLAIN = r"^[^\x00]*$"
EARLIEST = datetime.datetime(1900, 1, 1, tzinfo=datetime.UTC)
LATEST = datetime.datetime(2200, 1, 1, tzinfo=datetime.UTC)
NEWEST_FIRST = "-id"
COMPARED = {
    "exact": "",
    "in": "is one of these",
    "gt": "is above",
    "gte": "is at least",
    "lt": "is below",
    "lte": "is at most",
}


def of_list(tools: Declaration) -> type[Input]:
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


def of_count(tools: Declaration) -> type[Input]:
    """Filters and search."""
    fields: dict[str, Any] = {
        name: (_filter_type(tools.model, name), _optional(tools.model, name))
        for name in tools.filters
    }
    if tools.search:
        words = f"words to find in {', '.join(tools.search)}"
        fields["search"] = (
            str,
            Field("", max_length=TEXT, pattern=PLAIN, description=words),
        )
    return create_model(f"Count{tools.model.__name__}", __base__=Input, **fields)


def of_get(model: type[models.Model]) -> type[Input]:
    """The public id of a row."""
    return create_model(
        f"Get{model.__name__}", __base__=Input, id=(_id_type(model), ...)
    )


def of_action(action: AnyAction) -> type[Input]:
    """The action's own input and, unless it creates, the id of its target."""
    if action.creates:
        return action.Input
    if "id" in action.Input.model_fields:
        raise ValueError(f"{action.name}: the argument id is the target's")
    return create_model(
        f"{action.__name__}Arguments",
        __base__=action.Input,
        id=(_id_type(action.model), ...),
    )


def orders(tools: Declaration) -> tuple[str, ...]:
    """The values of ``order``: by public id (time of creation) or a declared field."""
    names = ("id", *tools.ordering)
    return tuple(sign + name for name in names for sign in ("", "-"))


def _optional(model: type[models.Model], name: str) -> Any:
    """An argument that may be left out; what it is left out for is in no schema."""
    field, lookup = split_filter(name)
    verbose = getattr(model._meta.get_field(field), "verbose_name", field)
    words = f"{verbose} {COMPARED[lookup]}".strip()

    def only_what_counts(schema: dict[str, Any]) -> None:
        schema.pop("default", None)
        schema.pop("title", None)
        schema["description"] = words

    return Field(None, json_schema_extra=only_what_counts)


def _id_type(model: type[models.Model]) -> Any:
    prefix = model._meta.get_field("public_id").prefix  # type: ignore[union-attr]
    pattern = rf"^{prefix}_[{ALPHABET}]{{{BODY}}}$"
    about = f"public id of the {model._meta.verbose_name}"
    return Annotated[str, Field(pattern=pattern, description=about)]


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
