"""Database roles: who may log in, who owns, who reads and writes.

The two log-ins own nothing and inherit nothing; they may only step into other roles
with ``SET ROLE``. Each plane has three roles without log-in:

- ``<schema>_owner`` owns schema and objects; entered by the provisioner alone, for
  migrations. So the running code cannot disable a trigger or drop a table.
- ``<schema>_app`` reads and writes rows; append-only tables it may only add to.
- ``<schema>_agent`` reads what the tool declarations expose.

The control plane's are called ``paybill_control_*``, its schema is ``public``.

What this wall is: it stops a wrong, stale or forgotten schema. What it is not: a cure
for arbitrary SQL, which can change the role (``SET ROLE`` is a right of the log-in).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import errors, sql

APP, PROVISIONER = "paybill_app", "paybill_provisioner"
CONTROL_PREFIX = "paybill_control"
KINDS = ("owner", "app", "agent")
# Groups, so that a right common to all planes is one entry in the object's list of
# rights, however many tenants there are.
OWNERS, WRITERS = "paybill_owners", "paybill_writers"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
# 63 bytes is PostgreSQL's limit for a name and "_agent" is added to the schema's.
_SCHEMA_LENGTH = 57

Connection = psycopg.Connection[Any]


def quote(name: str) -> str:
    """Quote the name of a schema or role; ValueError when it is not one of ours."""
    if not _NAME.fullmatch(name) or name.startswith("pg_"):
        raise ValueError(f"not a name of ours: {name!r}")
    return f'"{name}"'


def role_of(schema: str, kind: str) -> str:
    """Name of one of the three roles of the plane that lives in ``schema``."""
    prefix = CONTROL_PREFIX if schema == "public" else schema
    return f"{prefix}_{kind}"


def install_server(
    superuser_dsn: str, app_password: str, provisioner_password: str
) -> None:
    """Make the log-ins, groups and control-plane roles of a server; repeatable."""
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        create_role(connection, APP, "LOGIN NOINHERIT")
        create_role(connection, PROVISIONER, "LOGIN NOINHERIT CREATEROLE")
        prepare_log_in(connection, APP, app_password)
        prepare_log_in(connection, PROVISIONER, provisioner_password)
        for group in (OWNERS, WRITERS):
            create_role(connection, group, "NOLOGIN")
            _run(
                connection,
                "GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
                group,
                PROVISIONER,
            )
        create_trio(connection, "public")


def create_database(superuser_dsn: str, database: str) -> None:
    """Create a database unless it exists."""
    with (
        psycopg.connect(superuser_dsn, autocommit=True) as connection,
        contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation),
    ):
        _run(connection, "CREATE DATABASE {}", database)


def install_database(superuser_dsn: str, app: str = APP) -> list[str]:
    """Take from everybody what a new database gives to everybody; repeatable.

    ``app`` is the log-in of the running code: a bridge tenant's database has its own.
    The rights on built-in functions are the superuser's to take. A managed server gives
    nobody that; there the rest is done, and what was not allowed is returned.
    """
    with psycopg.connect(superuser_dsn) as connection, _stepping(connection):
        for statement in _DATABASE:
            connection.execute(statement)
        refused = [what for what in _BUILT_IN if not _allowed(connection, what)]
        admit(connection, connection.info.dbname, app)
        for statement in _DUE:
            connection.execute(statement)
    return refused


@contextlib.contextmanager
def _stepping(connection: Connection) -> Iterator[None]:
    """Let who is no superuser step into the control plane's owner meanwhile.

    The creator of a role may administer it, and so also let himself in.
    """
    one = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user"
    found = connection.execute(one).fetchone()
    if found and found[0]:
        yield
        return
    owner, me = role_of("public", "owner"), connection.info.user
    database = connection.info.dbname
    _run(connection, "GRANT {} TO {} WITH INHERIT TRUE, SET TRUE", owner, me)
    # Whoever shall own a schema has to have the right to make one.
    _run(connection, "GRANT CREATE ON DATABASE {} TO {}", database, owner)
    yield
    connection.execute("RESET ROLE")
    _run(connection, "REVOKE CREATE ON DATABASE {} FROM {}", database, owner)
    _run(connection, "REVOKE {} FROM {} GRANTED BY {}", owner, me, me)


def _allowed(connection: Connection, statement: str) -> bool:
    try:
        with connection.transaction():
            connection.execute(statement.encode())
    except errors.InsufficientPrivilege:
        return False
    return True


def admit(connection: Connection, database: str, app: str = APP) -> None:
    """Let the two log-ins, and nobody else, connect to the database.

    A log-in of the database's own is the provisioner's to change: it is exchanged
    for another one in time, limited, and closed while the tenant is suspended.
    """
    _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", database)
    _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, app)
    _run(connection, "GRANT CREATE ON DATABASE {} TO {}", database, PROVISIONER)
    let_in = "GRANT CONNECT ON DATABASE {} TO {} WITH GRANT OPTION"
    _run(connection, let_in, database, PROVISIONER)
    if app != APP:
        manage = "GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
        _run(connection, manage, app, PROVISIONER)


def create_trio(connection: Connection, schema: str, app: str = APP) -> None:
    """Make the three roles of a plane and let the two log-ins step into them."""
    if len(schema) > _SCHEMA_LENGTH:
        raise ValueError(f"the name of the schema is too long: {schema}")
    owner, writer, agent = (role_of(schema, kind) for kind in KINDS)
    for role in (owner, writer, agent):
        create_role(connection, role, "NOLOGIN")
    # Since PostgreSQL 16 the creator of a role may administer it, not step into it.
    step = "GRANT {} TO {} WITH INHERIT FALSE, SET TRUE"
    _run(connection, step, owner, PROVISIONER)
    _run(connection, step, writer, app)
    _run(connection, step, agent, app)
    join = "GRANT {} TO {} WITH INHERIT TRUE, SET FALSE"
    _run(connection, join, OWNERS, owner)
    _run(connection, join, WRITERS, writer)


def drop_trio(connection: Connection, schema: str) -> None:
    """Drop the roles of a plane, unless another database of the server needs them."""
    for kind in KINDS:
        try:
            _run(connection, "DROP ROLE IF EXISTS {}", role_of(schema, kind))
        except errors.DependentObjectsStillExist:
            continue


def create_role(connection: Connection, role: str, options: str) -> None:
    """Create a role unless it exists: roles belong to the server, not a database."""
    known = "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = %s"
    if connection.execute(known, [role]).fetchone():
        return
    try:  # another process may be making the same one
        with connection.transaction():
            connection.execute(f"CREATE ROLE {quote(role)} {options}".encode())
    except (errors.DuplicateObject, errors.UniqueViolation):
        pass


def prepare_log_in(connection: Connection, role: str, password: str) -> None:
    """Set the password of a log-in, and what it has to bring along."""
    encrypted = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    # The verifier, not the password: statements may be logged.
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(role), encrypted.decode()))
    _run(connection, "ALTER ROLE {} SET search_path = ''", role)
    # Django would set it with set_config, which is taken away below.
    _run(connection, "ALTER ROLE {} SET timezone = 'UTC'", role)


def _run(connection: Connection, statement: str, *names: str) -> None:
    identifiers = map(sql.Identifier, names)
    # The statements are constants of this module.
    connection.execute(sql.SQL(statement).format(*identifiers))


_DATABASE = (
    "ALTER SCHEMA public OWNER TO paybill_control_owner",
    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
)

_BUILT_IN = (
    # The functions and the view by which a SELECT could change the role. Django
    # needs set_config for the time zone only, which the log-ins bring along.
    "REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)"
    f" TO {PROVISIONER}, {OWNERS}",
    "REVOKE UPDATE ON pg_catalog.pg_settings FROM PUBLIC",
    # DO, and functions of one's own.
    "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC",
    f"GRANT USAGE ON LANGUAGE plpgsql TO {OWNERS}",
)

_DUE = (
    "CREATE SCHEMA IF NOT EXISTS paybill AUTHORIZATION paybill_control_owner",
    "SET LOCAL ROLE paybill_control_owner",
    f"GRANT USAGE ON SCHEMA paybill TO {WRITERS}",
    "CREATE TABLE IF NOT EXISTS paybill.due"
    " (schema text PRIMARY KEY, at timestamptz NOT NULL)",
    "CREATE INDEX IF NOT EXISTS due_at ON paybill.due (at)",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON paybill.due TO paybill_control_app",
    "CREATE TABLE IF NOT EXISTS paybill.template"
    " (hash text PRIMARY KEY, sql text NOT NULL, at timestamptz DEFAULT now())",
    # A definer's function still sees the caller's role in the setting; so a tenant
    # can wake itself only. The row stays locked until the caller's commit: a sweep
    # that took the row first is waited for, one that comes later finds the work.
    """
    CREATE OR REPLACE FUNCTION paybill.wake(schema text, at timestamptz) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
        IF current_setting('role') NOT IN (wake.schema || '_app', 'paybill_control_app')
        THEN
            RAISE insufficient_privilege USING MESSAGE = 'a plane can wake itself only';
        END IF;
        INSERT INTO paybill.due AS d VALUES (wake.schema, wake.at)
        ON CONFLICT ON CONSTRAINT due_pkey DO UPDATE SET at = least(d.at, excluded.at);
    END $$
    """,
    "REVOKE ALL ON FUNCTION paybill.wake(text, timestamptz) FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION paybill.wake(text, timestamptz) TO {WRITERS}",
)
