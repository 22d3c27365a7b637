"""What a decision did, in a form in which two of them can be compared.

Numbers and public ids of new rows are given anew each time, and times of the decision
are those of the moment: they are replaced by what they stand for, in the same way on
both sides. Everything else has to be equal, column by column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models

from paybill_site.kernel import history, planes
from paybill_site.kernel.history import Changed

NEAR = timedelta(minutes=10)
OF_TX = """
SELECT table_name, row_key, (array_agg(before ORDER BY id))[1]::text,
  (array_agg(after ORDER BY id DESC))[1]::text
FROM kernel_rowchange WHERE {which} GROUP BY table_name, row_key ORDER BY min(id)
"""

type Line = tuple[str, str, Any, Any]
type Moments = tuple[datetime, ...]


def of_tx(tx: int, at: datetime) -> list[Changed]:
    """What the transaction that began at ``at`` did to the product's rows."""
    return _read("tx = %s AND at = %s", [tx, at])


def since(mark: int) -> list[Changed]:
    """What the open transaction did to the product's rows after ``mark``."""
    mine = "tx = pg_current_xact_id()::text::bigint AND id > %s"
    return _read(mine, [mark])


def _read(which: str, values: list[Any]) -> list[Changed]:
    known = history.tracked(planes.here().schema)
    with planes.cursor() as cursor:
        cursor.execute(OF_TX.format(which=which), values)
        rows = cursor.fetchall()
    found = [
        Changed(known[table], key, history.values(before), history.values(after))
        for table, key, before, after in rows
        if table in known
    ]
    return [one for one in found if one.before != one.after]


def lines(changed: Iterable[Changed], moments: Moments) -> list[Line]:
    """(row, column, before, after) of each column that is other than it was, sorted.

    ``moments`` are those of the decision: of its clock, and of the database's.
    """
    rows = list(changed)
    names = _new_names(rows)
    found = [line for one in rows for line in _lines(one, names, moments)]
    return sorted(found, key=repr)


def _new_names(rows: Iterable[Changed]) -> Mapping[tuple[str, str], str]:
    """(table, key) of rows that are new -> what they are called instead."""
    names: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}
    for one in rows:
        if one.before is None:
            table = one.model._meta.db_table
            counts[table] = counts.get(table, 0) + 1
            names[table, one.key] = (
                f"[new {one.model._meta.model_name} {counts[table]}]"
            )
    return names


def _lines(
    one: Changed, names: Mapping[tuple[str, str], str], moments: Moments
) -> Iterator[Line]:
    table = one.model._meta.db_table
    row = names.get((table, one.key), one.reference)
    before, after = one.before or {}, one.after or {}
    for field in one.model._meta.concrete_fields:
        old, new = before.get(str(field.column)), after.get(str(field.column))
        if old != new and not (one.before is None and _is_given(field)):
            yield (
                row,
                field.name,
                _plain(field, old, names, moments),
                _plain(field, new, names, moments),
            )


def _is_given(field: models.Field[Any, Any]) -> bool:
    return field.primary_key or field.name == "public_id"


def _plain(
    field: models.Field[Any, Any],
    value: Any,
    names: Mapping[tuple[str, str], str],
    moments: Moments,
) -> Any:
    if value is None:
        return None
    if field.is_relation and field.related_model is not None:
        related: Any = field.related_model
        return names.get((related._meta.db_table, str(value)), value)
    if isinstance(field, models.DateTimeField) and _is_near(str(value), moments):
        return "[now]"
    return value


def _is_near(text: str, moments: Moments) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return any(abs(moment - at) <= NEAR for at in moments)
