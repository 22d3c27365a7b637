"""Writes columns of many rows in one statement.

Django's own ``bulk_update`` builds an expression for every row and column, which takes
most of the time of a batch. Here each column is one array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from psycopg import sql

from paybill_site.kernel import planes

UPDATE = (
    "UPDATE {table} AS t SET {sets} FROM unnest({arrays}) AS v({columns})"
    " WHERE t.{key} = v.{key}"
)


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of rows of one model, as they are in memory."""
    if not rows:
        return
    with planes.cursor() as cursor:
        cursor.execute(*_statement(rows, names, cursor.db))


def _statement(
    rows: Sequence[models.Model], names: Sequence[str], connection: Any
) -> tuple[sql.Composed, list[list[Any]]]:
    meta: Any = rows[0]._meta
    fields = [meta.pk, *(meta.get_field(name) for name in names)]
    values = [
        [each.get_db_prep_save(getattr(row, each.attname), connection) for row in rows]
        for each in fields
    ]
    # A key's own type would be a counter's; that of who refers to it is plain.
    types = [field.rel_db_type(connection) for field in fields[:1]]
    types += [field.db_type(connection) for field in fields[1:]]
    columns = [sql.Identifier(field.column) for field in fields]
    statement = sql.SQL(UPDATE).format(
        table=sql.Identifier(meta.db_table),
        sets=sql.SQL(", ").join(map(sql.SQL("{0} = v.{0}").format, columns[1:])),
        arrays=sql.SQL(", ").join(sql.SQL(f"%s::{kind}[]") for kind in types),
        columns=sql.SQL(", ").join(columns),
        key=columns[0],
    )
    return statement, values
