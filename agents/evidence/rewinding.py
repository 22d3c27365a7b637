"""Rows as a recorded call saw them: the history of rows, taken back to its place there.

Only inside a sandbox: what is taken back is seen by nobody else and never stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import models

from agents.models import RecordedCall
from paybill_site.kernel import history, planes
from paybill_site.kernel.roles import quote

# The first note of a row that the call did not find, or made, tells how it found the
# row. A number is given before the commit: below the mark the snapshot decides. Where
# the plane was moved here, older notes bear the numbers of another server; no writer's
# transaction is open for an hour.
FIRST = """
SELECT DISTINCT ON (table_name, row_key) table_name, row_key, before::text
FROM kernel_rowchange
WHERE id > %(mark)s
  OR tx = %(tx)s AND at = %(at)s
  OR tx >= pg_snapshot_xmin(%(snapshot)s::pg_snapshot)::text::bigint
    AND NOT pg_visible_in_snapshot(tx::text::xid8, %(snapshot)s::pg_snapshot)
    AND at > %(at)s - interval '1 hour'
ORDER BY table_name, row_key, id
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


def rewind(call: RecordedCall, *, leave: frozenset[str] = frozenset()) -> None:
    """Put every row that was changed since back as the call found it.

    What others committed while the call was on its way it may have seen: that stays.
    ``leave`` are tables that stay as they are today.
    """
    known = history.remembered(planes.here().schema)
    for table, rows in _since(call).items():
        model = known.get(table)
        if model is None or table in leave or getattr(model, "append_only", False):
            continue
        with planes.cursor() as cursor:
            for statement, values in _back(model, rows):
                cursor.execute(statement, values)


def _since(call: RecordedCall) -> Mapping[str, dict[str, str | None]]:
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    place = {n: getattr(call, n) for n in ("mark", "snapshot", "tx", "at")}
    with planes.cursor() as cursor:
        cursor.execute(FIRST, place)
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
