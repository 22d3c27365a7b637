"""The typed filter of a rule: what it may say, and the rows that it means.

A condition is ``{"field", "lookup", "value"}`` over a field that agents can read; all
conditions hold at once. A value ``{"session": "customer"}`` is taken from the session
that the token was issued for; without it the filter matches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from pydantic import TypeAdapter, ValidationError

from agents.errors import NotGrantable
from agents.tools import catalogue
from agents.tools.arguments import value_type
from paybill_site.kernel.declarations import LOOKUPS, registry
from paybill_site.kernel.errors import Invalid
from paybill_site.kernel.schemas import Unsupported

type Condition = Mapping[str, Any]

NOTHING: Final = Q(pk__in=())
# The row itself, by its public id: "the customer of the session", of customers.
ITSELF: Final = "id"
MOST = 10
MOST_VALUES = 100
NAME_LENGTH = 60


class _NotThereError(Exception):
    """The session has no such value, or one that the field can not hold."""


def fields_of(permission: str) -> tuple[str, ...]:
    """The fields that a rule of this permission may name. Raises NotGrantable."""
    declared = registry.get(catalogue.model_of(permission))
    if declared is None:
        raise NotGrantable(f"{permission} has no fields that a rule could name")
    named = (ITSELF, *declared.fields)
    return tuple(name for name in named if _adapter(declared.model, name))


def checked(permission: str, conditions: Sequence[Condition]) -> list[dict[str, Any]]:
    """The conditions as they are kept. Raises Invalid and NotGrantable."""
    known, model = fields_of(permission), catalogue.model_of(permission)
    if not 1 <= len(conditions) <= MOST:
        raise Invalid(f"a rule has 1 to {MOST} conditions", rule="conditions")
    kept = []
    for number, one in enumerate(conditions, start=1):
        field, lookup, value = one.get("field"), one.get("lookup"), one.get("value")
        if field not in known or lookup not in LOOKUPS:
            # Names of what can not be read are no different from names of nothing.
            raise Invalid(f"condition {number} names no readable field", rule="field")
        if not _fits(model, field, lookup, value):
            raise Invalid(f"condition {number} has no fitting value", rule="value")
        kept.append({"field": field, "lookup": lookup, "value": value})
    return kept


def matching(
    model: type[models.Model],
    conditions: Sequence[Condition],
    session: Mapping[str, str],
) -> Q:
    """The rows that the conditions mean; nothing where one can not be understood."""
    declared = registry.get(model)
    if declared is None or not conditions:
        return NOTHING
    meant = Q()
    for one in conditions:
        try:
            field, lookup = one["field"], one["lookup"]
            if field not in (ITSELF, *declared.fields) or lookup not in LOOKUPS:
                return NOTHING
            value = _value(model, field, lookup, one["value"], session)
        except (_NotThereError, KeyError, TypeError):
            return NOTHING
        meant &= Q(**{f"{_path(model, field)}__{lookup}": value})
    return meant


def told(conditions: Sequence[Condition]) -> str:
    """The filter in words: ``state is open and customer is the session's customer``."""
    return " and ".join(
        " ".join((_words(one["field"]), WORDS[one["lookup"]], _shown(one["value"])))
        for one in conditions
    )


WORDS = {
    "exact": "is",
    "in": "is one of",
    "gt": "is above",
    "gte": "is at least",
    "lt": "is below",
    "lte": "is at most",
}


def session_name(value: Any) -> str:
    """The name in ``{"session": name}``, or "" for any other value."""
    if isinstance(value, dict) and set(value) == {"session"}:
        name = value["session"]
        if isinstance(name, str) and name.isidentifier() and len(name) <= NAME_LENGTH:
            return name
    return ""


def _words(field: str) -> str:
    return field.replace("_", " ")


def _shown(value: Any) -> str:
    if name := session_name(value):
        return f"the session's {name}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _fits(model: type[models.Model], field: str, lookup: str, value: Any) -> bool:
    if isinstance(value, dict):
        return bool(session_name(value)) and lookup != "in"
    try:
        _value(model, field, lookup, value, {})
    except _NotThereError:
        return False
    return True


def _value(
    model: type[models.Model],
    field: str,
    lookup: str,
    value: Any,
    session: Mapping[str, str],
) -> Any:
    """The value in the field's type. Raises _NotThereError."""
    adapter = _adapter(model, field)
    if adapter is None:
        raise _NotThereError
    try:
        if isinstance(value, dict):
            return adapter.validate_strings(_of_session(value, session))
        if lookup != "in":
            return adapter.validate_json(json.dumps(value), strict=True)
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES:
            raise _NotThereError
        return [adapter.validate_json(json.dumps(one), strict=True) for one in value]
    except ValidationError as error:
        raise _NotThereError from error


def _of_session(value: Any, session: Mapping[str, str]) -> str:
    found = session.get(session_name(value))
    if not isinstance(found, str):
        raise _NotThereError
    return found


@cache
def _adapter(model: type[models.Model], field: str) -> TypeAdapter[Any] | None:
    """What parses values of the field; None for a type that has no filter."""
    name = "public_id" if field == ITSELF else field
    try:
        return TypeAdapter(value_type(model._meta.get_field(name)))
    except (Unsupported, FieldDoesNotExist):
        return None


def _path(model: type[models.Model], field: str) -> str:
    """Rows are named by public id."""
    if field == ITSELF:
        return "public_id"
    return f"{field}__public_id" if model._meta.get_field(field).is_relation else field
