"""Rows as they were at a moment: the history of rows, taken back to a mark.

Only inside a sandbox: what is taken back is seen by nobody else and never stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import models

from paybill_site.kernel import history, planes
from paybill_site.kernel.roles import quote

# The first note of a row after the mark tells how it was at the mark.
FIRST = """
SELECT DISTINCT ON (table_name, row_key) table_name, row_key, before::text
FROM kernel_rowchange WHERE id > %s ORDER BY table_name, row_key, id
"""


def newest() -> int:
    """The newest note of the entered plane, 0 when there is none."""
    with planes.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM kernel_rowchange")
        (mark,) = cursor.fetchone()
    return int(mark)


def clock() -> datetime:
    """When the open transaction began, by the database."""
    with planes.cursor() as cursor:
        cursor.execute("SELECT now()")
        (at,) = cursor.fetchone()
    found: datetime = at
    return found


def rewind(mark: int, *, leave: frozenset[str] = frozenset()) -> None:
    """Put every row that was changed since back as it was at ``mark``.

    ``leave`` are tables that stay as they are today.
    """
    known = history.remembered(planes.here().schema)
    for table, rows in _since(mark).items():
        model = known.get(table)
        if model is None or table in leave or getattr(model, "append_only", False):
            continue
        with planes.cursor() as cursor:
            for statement, values in _back(model, rows):
                cursor.execute(statement, values)


def _since(mark: int) -> Mapping[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    with planes.cursor() as cursor:
        cursor.execute(FIRST, [mark])
        for table, key, before in cursor.fetchall():
            found[table][key] = before
    return found


def _back(
    model: type[models.Model], rows: Mapping[str, str | None]
) -> Iterator[tuple[str, list[object]]]:
    """Statements with their values: what came later goes, what was is put back."""
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    gone = [name for name, before in rows.items() if before is None]
    kept = [before for before in rows.values() if before is not None]
    columns = [quote(str(f.column)) for f in model._meta.concrete_fields]
    if gone:
        # Names are the models' own, and quoted; what was noted comes as a value.
        yield f"DELETE FROM {table} WHERE {key}::text = ANY(%s)", [gone]  # noqa: S608
    if kept:
        listed = ", ".join(columns)
        told = ", ".join(f"{c} = excluded.{c}" for c in columns if c != key) or key
        yield (
            (
                f"INSERT INTO {table} ({listed}) SELECT {listed}"  # noqa: S608
                f" FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)"
                f" ON CONFLICT ({key}) DO UPDATE SET {told}"
            ),
            ["[" + ",".join(kept) + "]"],
        )
