"""What a tenant's own log-in meets in its database: looked at as that log-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from paybill_site.kernel import schema
from provisioning.checks import Check

type Connection = psycopg.Connection[Any]

OLDEST = 160000  # PostgreSQL 16: grants say whether a role is inherited or stepped into
# They read files, run programs or reach other servers as somebody else.
DANGEROUS = {"adminpack", "dblink", "file_fdw", "plpython3u", "postgres_fdw"}

# Whatever the log-in, or a role that it may step into, reads outside its own plane.
OUTSIDE = """
SELECT n.nspname, count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> %(own)s
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND EXISTS (
    SELECT 1 FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')
    AND has_schema_privilege(r.oid, n.oid, 'USAGE')
    AND has_table_privilege(r.oid, c.oid, 'SELECT'))
GROUP BY n.nspname ORDER BY n.nspname
"""
POWERS = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
FROM pg_roles WHERE rolname = current_user
"""
LINE = """
SELECT coalesce(s.ssl, false), s.version, inet_client_addr() IS NULL
FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()
"""
TABLES = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = %s
"""


def of_database(connection: Connection, own: str) -> list[Check]:
    """Every check of a database, entered as the tenant that owns the plane ``own``."""
    looks: list[Callable[[Connection, str], Check]] = [
        _line,
        _version,
        _powers,
        _walls,
        _plane,
        _extensions,
    ]
    return [look(connection, own) for look in looks]


def _line(connection: Connection, own: str) -> Check:
    encrypted, version, socket = _one(connection, LINE)
    if encrypted:
        return Check("line", True, f"encrypted: {version}")
    said = "a socket of this machine" if socket else "it is not encrypted"
    return Check("line", bool(socket), said)


def _version(connection: Connection, own: str) -> Check:
    number = connection.info.server_version
    return Check("version", number >= OLDEST, f"PostgreSQL {number // 10000}")


def _powers(connection: Connection, own: str) -> Check:
    powers = _one(connection, POWERS)
    said = "more than its own plane needs" if any(powers) else "none over the server"
    return Check("powers of the log-in", not any(powers), said)


def _walls(connection: Connection, own: str) -> Check:
    outside = connection.execute(OUTSIDE, {"own": own}).fetchall()
    words = ", ".join(f"{name} ({count} tables)" for name, count in outside)
    said = f"it reads {words}" if outside else "it reads nothing outside its plane"
    return Check("walls", not outside, said)


def _plane(connection: Connection, own: str) -> Check:
    made = schema.schemas(connection).get(own, "")
    (tables,) = _one(connection, TABLES, [own])
    (size,) = _one(connection, "SELECT pg_database_size(current_database())")
    said = f"{tables} tables, version {made or 'none'}, {size // 1024} kB"
    return Check("plane", made == schema.version() and tables > 0, said)


def _extensions(connection: Connection, own: str) -> Check:
    rows = connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
    found = [row[0] for row in rows]
    return Check("extensions", not DANGEROUS & set(found), ", ".join(found) or "none")


def _one(connection: Connection, query: str, values: Any = None) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query, values).fetchone()
    return row or (None,) * 5
