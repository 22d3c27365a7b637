"""Rows and sums of the tables of a plane: equal exactly when the rows are.

A row is the text ``ROW(columns in the order of their names)::text`` under fixed
settings; its SHA-256 gives two numbers of 64 bits; a table's sum is the sum of each
of them over all rows, modulo 2**64. So neither the order of the rows on disk nor
that of the columns counts, and a row that is there twice does. A sequence is told
by its last value: it may run on between the sums and the dump, never back.
"""

from __future__ import annotations

from typing import Any

from psycopg import sql

from paybill_site.kernel.roles import Connection

# Of all that decides how a value is written as text.
SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}
TABLES = """
SELECT c.relname, array_agg(a.attname ORDER BY a.attname)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')
  AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY c.relname ORDER BY c.relname
"""
SUM = """
SELECT count(*), {half_1}, {half_2}
FROM (SELECT sha256(convert_to(ROW({columns})::text, 'UTF8')) AS d FROM {table}) AS rows
"""
HALF = "mod(coalesce(sum(('x' || encode(substr(d, {at}, 8), 'hex'))::bit(64)::bigint::numeric + 9223372036854775808), 0), 18446744073709551616)"  # noqa: E501 - one expression
SEQUENCES = """
SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences
WHERE schemaname = %s ORDER BY sequencename
"""

type Tables = dict[str, dict[str, Any]]


def tables(connection: Connection, schema: str) -> Tables:
    """Table -> ``{rows, sum}``; in the open transaction, as a role that may read."""
    for name, value in SETTINGS.items():
        connection.execute(f"SET LOCAL {name} = '{value}'".encode())
    found = connection.execute(TABLES, [schema]).fetchall()
    return {table: _sum(connection, schema, table, names) for table, names in found}


def _sum(
    connection: Connection, schema: str, table: str, columns: list[str]
) -> dict[str, Any]:
    query = sql.SQL(SUM).format(
        half_1=sql.SQL(HALF.format(at=1)),
        half_2=sql.SQL(HALF.format(at=9)),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier(schema, table),
    )
    row = connection.execute(query).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    rows, one, two = row
    return {"rows": rows, "sum": f"{int(one):016x}{int(two):016x}"}


def sequences(connection: Connection, schema: str) -> dict[str, int]:
    """Sequence -> its last value."""
    return dict(connection.execute(SEQUENCES, [schema]).fetchall())


def differences(wanted: Tables, found: Tables) -> list[str]:
    """What is not the same, in words; empty when all is."""
    words = []
    for table in sorted(wanted.keys() | found.keys()):
        one, other = wanted.get(table), found.get(table)
        if one is None or other is None:
            words.append(f"{table} is {'not listed' if one is None else 'missing'}")
        elif one["rows"] != other["rows"]:
            words.append(f"{table} has {other['rows']} rows, not {one['rows']}")
        elif one["sum"] != other["sum"]:
            words.append(f"{table} has other rows")
    return words
