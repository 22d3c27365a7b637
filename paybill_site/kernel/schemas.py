"""JSON Schema 2020-12 from action inputs and from models; values as JSON."""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Iterable
from typing import Any

from django.db import models
from pydantic import BaseModel

from paybill_site.kernel.crypto import EncryptedBytes
from paybill_site.kernel.ids import id_pattern
from paybill_site.kernel.inputs import is_sensitive

DIALECT = "https://json-schema.org/draft/2020-12/schema"

BIG = 2**63 - 1
MINOR = "_minor"
# The formats of fields whose text may be blank do not fit a blank text.
TYPES: tuple[tuple[type[models.Field[Any, Any]], dict[str, Any]], ...] = (
    (models.BooleanField, {"type": "boolean"}),
    (models.IntegerField, {"type": "integer"}),
    (models.AutoField, {"type": "integer"}),
    (models.DecimalField, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
    (models.DateTimeField, {"type": "string", "format": "date-time"}),
    (models.DateField, {"type": "string", "format": "date"}),
    (models.UUIDField, {"type": "string", "format": "uuid"}),
    (models.EmailField, {"type": "string", "format": "email"}),
    (models.URLField, {"type": "string", "format": "uri"}),
    (models.JSONField, {}),
    (models.CharField, {"type": "string"}),
    (models.TextField, {"type": "string"}),
)
# As PostgreSQL keeps them; what is no longer than these fits in 64 bits.
RANGES = {
    "SmallIntegerField": (-(2**15), 2**15 - 1),
    "IntegerField": (-(2**31), 2**31 - 1),
    "BigIntegerField": (-BIG - 1, BIG),
    "PositiveSmallIntegerField": (0, 2**15 - 1),
    "PositiveIntegerField": (0, 2**31 - 1),
    "PositiveBigIntegerField": (0, BIG),
}


class Unsupported(TypeError):
    """The field's type has no JSON form; leave it out of what is exposed."""


def input_schema(data: type[BaseModel]) -> dict[str, Any]:
    """The schema of an action's input."""
    return {"$schema": DIALECT, **data.model_json_schema()}


def model_schema(model: type[models.Model], fields: Iterable[str]) -> dict[str, Any]:
    """The schema of a row with just these fields; related rows by public id."""
    return {
        "type": "object",
        "title": str(model._meta.verbose_name),
        "properties": {name: field_schema(model, name) for name in fields},
        "required": list(fields),
        "additionalProperties": False,
    }


def field_schema(model: type[models.Model], name: str) -> dict[str, Any]:
    """The schema of one field: help text, choices, length, range, format and null."""
    field: Any = model._meta.get_field(name)
    schema = _base(field)
    if field.help_text:
        schema["description"] = str(field.help_text)
    if field.choices and not field.is_relation:
        values = [value for value, _ in field.flatchoices]
        schema["enum"] = [*values, ""] if field.blank and "" not in values else values
    if field.null:
        schema = {"anyOf": [schema, {"type": "null"}]}
    return schema


def id_schema(model: type[models.Model]) -> dict[str, Any]:
    """The schema of a row's public id. Raises FieldDoesNotExist where it has none."""
    prefix = model._meta.get_field("public_id").prefix  # type: ignore[union-attr]
    return {
        "type": "string",
        "description": f"public id of the {model._meta.verbose_name}",
        "pattern": id_pattern(prefix),
    }


def _base(field: Any) -> dict[str, Any]:
    if field.is_relation:
        return id_schema(field.related_model)
    if isinstance(field, EncryptedBytes):
        raise Unsupported(f"{field}: {Unsupported.__doc__}")
    for kind, schema in TYPES:
        if isinstance(field, kind):
            return _blank({**schema, **_bounds(field)}, field)
    raise Unsupported(f"{field}: {Unsupported.__doc__}")


def _bounds(field: Any) -> dict[str, Any]:
    if field.max_length:
        return {"maxLength": field.max_length}
    bounds = RANGES.get(field.get_internal_type())
    if bounds is None or field.choices:
        return {}
    return {"minimum": bounds[0], "maximum": bounds[1]}


def _blank(schema: dict[str, Any], field: Any) -> dict[str, Any]:
    if not field.blank or schema.get("format") not in {"email", "uri"}:
        return schema
    kept = {key: said for key, said in schema.items() if key != "format"}
    return {**kept, "anyOf": [{"format": schema["format"]}, {"const": ""}]}


def plain(value: Any) -> Any:
    """A field's value as JSON: dates in ISO 8601, decimals and ids as text."""
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return format(value, "f")  # str() would say 1E+2
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, models.Model):
        return getattr(value, "public_id", str(value.pk))
    if isinstance(value, bytes | memoryview):
        return "[bytes]"
    return value


def row(instance: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """The values of these fields as JSON, as ``model_schema`` describes them."""
    return {name: plain(getattr(instance, name)) for name in fields}


def snapshot(instance: models.Model) -> dict[str, Any]:
    """Every column of a row as JSON; encrypted columns are masked."""
    shown = {}
    for field in instance._meta.concrete_fields:
        hidden = isinstance(field, EncryptedBytes) or field.name == "password"
        value = getattr(instance, field.attname)
        shown[field.name] = "[sealed]" if hidden else plain(value)
    return shown


def masked(data: Any) -> Any:
    """An input as JSON for the audit: fields declared ``sensitive`` are left out.

    A field says so itself: ``Field(json_schema_extra={"sensitive": True})``.
    """
    if not isinstance(data, BaseModel):
        return "[not parsed]"
    hidden = {
        name for name, info in type(data).model_fields.items() if is_sensitive(info)
    }
    return data.model_dump(mode="json", exclude=hidden)
