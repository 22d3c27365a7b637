"""What an action would do, read off the rows before everything is rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models

from paybill_site.kernel import history, planes
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.crypto import EncryptedBytes
from paybill_site.kernel.history import Changed
from paybill_site.kernel.models import reference
from paybill_site.kernel.schemas import snapshot

SEALED, BYTES = "[sealed]", "[bytes]"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an action would do: rows before and after, and the events it would send."""

    output: dict[str, Any]
    changes: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]


def changes(
    rows: Iterable[Changed], target: Any, before: dict[str, Any], result: Any
) -> list[dict[str, Any]]:
    """Every changed row of the product, and the frame's own target and result.

    What the database does not track (users, agents, the control plane) is compared
    with ``before``, the target as it was found.
    """
    found = described(rows)
    if is_apart(target):
        found += _changes(target, before, _stored(target, before))
    if is_apart(result) and result is not target and result != target:
        found += _changes(result, {}, _stored(result, {}))
    return found


def is_apart(row: Any) -> bool:
    """Whether it is a row of which the database does not note the changes."""
    if not isinstance(row, models.Model):
        return False
    return row._meta.db_table not in history.tracked(planes.here().schema)


def _stored(row: models.Model, before: dict[str, Any]) -> dict[str, Any]:
    """The row as the database has it now; nothing when it is deleted."""
    pk = before.get(row._meta.pk.name, row.pk)
    stored = type(row)._base_manager.filter(pk=pk).first() if pk else None
    return snapshot(stored) if stored else {}


def _changes(
    row: models.Model, old: dict[str, Any], new: dict[str, Any]
) -> list[dict[str, Any]]:
    return [
        {
            "row": reference(row),
            "field": name,
            "before": old.get(name),
            "after": new.get(name),
        }
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    ]


def versions(rows: Iterable[Changed]) -> list[dict[str, Any]]:
    """What the audit keeps of changed rows: digests of each before and after."""
    return [
        {
            "row": one.reference,
            "before": digest_of(one.before) if one.before else None,
            "after": digest_of(one.after) if one.after else None,
        }
        for one in rows
    ]


def described(rows: Iterable[Changed]) -> list[dict[str, Any]]:
    """The changed fields, as rehearsals show them; related rows by public id.

    Of a sealed column it is told that it changed, not what it holds.
    """
    rows = list(rows)
    names = _public_ids(rows)
    return [change for one in rows for change in _fields(one, names)]


def _fields(one: Changed, names: Mapping[Any, str]) -> Iterator[dict[str, Any]]:
    before, after = one.before or {}, one.after or {}
    for field in one.model._meta.local_concrete_fields:
        column = str(field.column)
        old, new = before.get(column), after.get(column)
        if old != new:
            yield {
                "row": one.reference,
                "field": field.name,
                "before": _shown(field, old, names),
                "after": _shown(field, new, names),
            }


def _shown(field: models.Field[Any, Any], value: Any, names: Mapping[Any, str]) -> Any:
    if value is None:
        return None
    if isinstance(field, EncryptedBytes) or field.name == "password":
        return SEALED
    if isinstance(field, models.BinaryField):
        return BYTES
    if field.is_relation:
        return names.get((field.related_model, str(value)), value)
    if isinstance(field, models.DateTimeField):
        return field.to_python(value).isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _public_ids(rows: list[Changed]) -> dict[Any, str]:
    """(model, key) -> public id of every row that the changes point to."""
    found: dict[Any, str] = {}
    for one in rows:  # also of rows that are gone
        row = one.after or one.before or {}
        if "public_id" in row:
            found[(one.model, one.key)] = row["public_id"]
    for model, keys in _pointed_to(rows).items():
        missing = [key for key in keys if (model, key) not in found]
        if missing and any(f.name == "public_id" for f in model._meta.concrete_fields):
            pairs = model._base_manager.filter(pk__in=missing).values_list(
                "pk", "public_id"
            )
            found |= {(model, str(pk)): public_id for pk, public_id in pairs}
    return found


def _pointed_to(rows: list[Changed]) -> dict[type[models.Model], set[str]]:
    keys: dict[type[models.Model], set[str]] = {}
    for one in rows:
        for field in one.model._meta.local_concrete_fields:
            if not field.is_relation or not isinstance(field.related_model, type):
                continue
            column = str(field.column)
            values = [(row or {}).get(column) for row in (one.before, one.after)]
            pointed = keys.setdefault(field.related_model, set())
            pointed.update(str(value) for value in values if value is not None)
    return keys
