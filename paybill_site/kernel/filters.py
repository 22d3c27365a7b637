"""Which rows of a list are asked for, and in which order, by words of the address.

A list can be narrowed by whatever its rows show that is a choice, a yes or no, a row
of another kind (by its public id) or the time when it was made. So nothing is searched
by what a caller may not see, and the OpenAPI document can say it all by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import models
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.ids import is_id

MADE = ("created_at", "opened_at", "at")  # when a row came to be
YES_NO = {"true": True, "1": True, "false": False, "0": False}
ORDER, NEWEST, OLDEST = "order", "newest", "oldest"


@dataclass(frozen=True, slots=True)
class Filter:
    """One word of the address, what it means and what it may be."""

    name: str
    look_up: str
    schema: dict[str, Any]
    meaning: str

    def value(self, given: str) -> Any:
        """What is compared with. Raises Invalid."""
        if "enum" in self.schema and given not in self.schema["enum"]:
            raise Invalid(f"{self.name} is one of {', '.join(self.schema['enum'])}")
        if self.schema["type"] == "boolean":
            return _yes_or_no(self.name, given)
        if self.schema.get("format") == "date-time":
            return _moment(self.name, given)
        if "enum" not in self.schema and not is_id(given):
            raise Invalid(f"{self.name} is a public id")
        return given


def filters_of(view: Any) -> list[Filter]:
    """The filters of a list, in the order in which its rows show their fields."""
    shown = view.serializer_class.Meta.fields
    fields = {field.name: field for field in view.queryset.model._meta.fields}
    return [
        found for name in shown if name in fields for found in _filters(fields[name])
    ]


def _filters(field: Any) -> Iterator[Filter]:
    name, words = field.name, str(field.verbose_name)
    if field.is_relation:
        if any(f.name == "public_id" for f in field.related_model._meta.fields):
            look_up = f"{name}__public_id"
            yield Filter(name, look_up, {"type": "string"}, f"public id of the {words}")
    elif field.choices:
        values = [str(value) for value, _ in field.flatchoices if value != ""]
        schema = {"type": "string", "enum": values}
        yield Filter(name, name, schema, f"only those whose {words} is this")
    elif isinstance(field, models.BooleanField):
        yield Filter(name, name, {"type": "boolean"}, f"whether {words}")
    elif name in MADE:
        schema = {"type": "string", "format": "date-time"}
        yield Filter(f"{name}__gte", f"{name}__gte", schema, "at or after this time")
        yield Filter(f"{name}__lt", f"{name}__lt", schema, "before this time")


def _yes_or_no(name: str, given: str) -> bool:
    if given.lower() not in YES_NO:
        raise Invalid(f"{name} is true or false")
    return YES_NO[given.lower()]


def _moment(name: str, given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
        # A zone near the ends of the calendar leads out of it.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{name} is a time such as 2026-11-21T18:00:00Z") from error


def ordering(request: Request) -> str:
    """``-id`` for the newest first, ``id`` for the oldest first. Raises Invalid."""
    asked = request.query_params.get(ORDER, NEWEST)
    if asked not in {NEWEST, OLDEST}:
        raise Invalid(f"{ORDER} is {NEWEST} or {OLDEST}")
    return "id" if asked == OLDEST else "-id"


class Filters(BaseFilterBackend):
    """Narrows a list by the words of the address that it knows."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        if view.action != "list":
            return queryset
        given = request.query_params
        for one in filters_of(view):
            if given.get(one.name):
                queryset = queryset.filter(**{one.look_up: one.value(given[one.name])})
        return queryset

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """For the OpenAPI document."""
        return [
            {
                "name": one.name,
                "in": "query",
                "required": False,
                "description": one.meaning,
                "schema": one.schema,
            }
            for one in filters_of(view)
        ]
