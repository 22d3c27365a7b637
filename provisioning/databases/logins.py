"""Log-ins of a tenant's own database: exchanged, limited, closed and opened.

A bridge has two, ``<name>`` and ``<name>_b``; one is in use. To rotate:
1. the idle one gets a fresh password and the rights to step into the plane's roles;
2. the placement's address names it: processes follow within ``routing.KEPT`` seconds,
   each connection at its next request (``kernel.postgres`` sees another user);
3. when nobody works with the old one any more, or after ``PATIENCE``, it loses its
   rights and can not log in. A connection that was idle for long is in no request.
In the pool the log-in is the application's own, shared by all: it is not rotated here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paybill_site.kernel import roles
from paybill_site.kernel.actions import perform
from provisioning.databases.errors import SharedLogIn
from provisioning.databases.lease import Heartbeat
from provisioning.databases.places import Ground
from provisioning.databases.system import WORKER
from tenants import routing
from tenants.actions.places import FollowDatabase
from tenants.models import Placement
from tenants.states import Isolation

OTHER = "_b"
PATIENCE, TICK = 600.0, 0.5
IDLE = timedelta(seconds=30)
AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE usename = %s AND NOT (state = 'idle' AND state_change < now() - %s)
"""
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s"
STEP = "GRANT {} TO {} WITH INHERIT FALSE, SET TRUE"


def rotate(
    placement: Placement, ground: Ground, heartbeat: Heartbeat
) -> dict[str, Any]:
    """Give a bridge a new log-in without an error for anybody; say what was done."""
    if placement.kind != Isolation.BRIDGE:
        raise SharedLogIn
    _refuse_shared(ground)
    placement.refresh_from_db()
    old = str(conninfo_to_dict(str(placement.dsn))["user"])
    new = _other(old)
    heartbeat.tell("Preparing the new log-in")
    password = secrets.token_urlsafe(32)
    with _provisioner(ground) as connection:
        database = str(connection.info.dbname)
        _admit(connection, database, new, password, ground.schema)
    dsn = make_conninfo(str(placement.dsn), user=new, password=password)
    heartbeat.tell("Pointing to the new log-in")
    perform(FollowDatabase, placement, {"dsn": dsn}, actor=WORKER)
    heartbeat.tell("Waiting for the last who uses the old one")
    left = _wait(ground, old, heartbeat)
    with _provisioner(ground) as connection:
        _dismiss(connection, old, ground.schema)
    return {"log_in": new, "revoked": old, "sessions_ended": left}


def _other(log_in: str) -> str:
    other = log_in.removesuffix(OTHER)
    return other if other != log_in else f"{log_in}{OTHER}"


def _admit(
    connection: roles.Connection, database: str, name: str, password: str, schema: str
) -> None:
    roles.create_role(connection, name, "LOGIN NOINHERIT")
    roles.prepare_log_in(connection, name, password)
    _run(connection, "ALTER ROLE {} LOGIN", name)
    _run(connection, "GRANT CONNECT ON DATABASE {} TO {}", database, name)
    for kind in ("app", "agent"):
        _run(connection, STEP, roles.role_of(schema, kind), name)


def _wait(ground: Ground, old: str, heartbeat: Heartbeat) -> int:
    """Until nobody works with a log-in; how many still did when patience ended."""
    time.sleep(routing.KEPT + TICK)
    until = time.monotonic() + PATIENCE
    with _provisioner(ground) as connection:
        while True:
            heartbeat.check()
            left = _at_work(connection, old)
            if not left or time.monotonic() > until:
                return left
            time.sleep(TICK)


def _at_work(connection: roles.Connection, name: str) -> int:
    with _in_the_name_of(connection, name):
        found = connection.execute(AT_WORK, [name, IDLE]).fetchone()
    return int(found[0]) if found else 0


def _dismiss(connection: roles.Connection, name: str, schema: str) -> None:
    _run(connection, "ALTER ROLE {} NOLOGIN PASSWORD NULL", name)
    for kind in ("app", "agent"):
        _run(connection, "REVOKE {} FROM {}", roles.role_of(schema, kind), name)
    _end_sessions(connection, name)


def close(ground: Ground) -> None:
    """Let nobody log in any more, and end who is: the database sleeps."""
    _refuse_shared(ground)
    with _provisioner(ground) as connection:
        _run(connection, "ALTER ROLE {} NOLOGIN", ground.app)
        _end_sessions(connection, ground.app)


def open_again(ground: Ground) -> None:
    """Let the tenant's log-in in again."""
    _refuse_shared(ground)
    with _provisioner(ground) as connection:
        _run(connection, "ALTER ROLE {} LOGIN", ground.app)


def limit(ground: Ground, connections: int | None) -> None:
    """Let the tenant's log-in have so many connections at once; None: any number."""
    number = -1 if connections is None else connections
    with _provisioner(ground) as connection:
        _run(connection, f"ALTER ROLE {{}} CONNECTION LIMIT {number:d}", ground.app)


def _refuse_shared(ground: Ground) -> None:
    if ground.app == roles.APP:
        raise SharedLogIn("This log-in is not the database's own: nothing is changed.")


def _end_sessions(connection: roles.Connection, name: str) -> None:
    with _in_the_name_of(connection, name):
        connection.execute(END, [name])


@contextmanager
def _in_the_name_of(connection: roles.Connection, name: str) -> Iterator[None]:
    """Have a log-in's rights: who has not sees little of its sessions and ends none."""
    with connection.transaction():
        _run(connection, "GRANT {} TO {} WITH INHERIT TRUE", name, roles.PROVISIONER)
        yield
        _run(connection, "GRANT {} TO {} WITH INHERIT FALSE", name, roles.PROVISIONER)


@contextmanager
def _provisioner(ground: Ground) -> Iterator[roles.Connection]:
    with psycopg.connect(ground.dsn, autocommit=True) as connection:
        yield connection


def _run(connection: roles.Connection, statement: str, *names: str) -> None:
    identifiers = map(sql.Identifier, names)
    # Constants of this module, with names and a number of ours.
    connection.execute(sql.SQL(statement).format(*identifiers))
