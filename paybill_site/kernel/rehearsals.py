"""What an action would do, read off the rows before everything is rolled back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models

from paybill_site.kernel.models import reference
from paybill_site.kernel.schemas import snapshot


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an action would do: rows before and after, and the events it would send."""

    output: dict[str, Any]
    changes: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]


def changes(
    target: models.Model | None, before: dict[str, Any], result: Any
) -> list[dict[str, Any]]:
    """Fields of the target and of the result that are other than before."""
    found = []
    if target is not None:
        found += _changes(target, before, _stored(target, before))
    if isinstance(result, models.Model) and result is not target and result != target:
        found += _changes(result, {}, _stored(result, {}))
    return found


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
