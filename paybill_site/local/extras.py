"""Making and removing further units: a database, a server, a tenant's process."""

from __future__ import annotations

import json
import re
import shutil
import socket
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from psycopg import sql

from paybill_site.environ import public_half
from paybill_site.kernel import roles
from paybill_site.local import keys, parts, services
from paybill_site.local.environment import DATABASE, embedded, redis_url
from paybill_site.local.places import Places, private_directory, write_private
from paybill_site.local.ports import free, listen
from paybill_site.local.postgres import Server
from paybill_site.local.process import Part

ID = re.compile(r"[a-z][a-z0-9_]{2,39}")
SCHEMA = re.compile(r"[a-z][a-z0-9_]{2,56}")
TENANT_PORTS, SERVER_PORTS = 8100, 5433


class BadUnit(Exception):
    """The request does not describe a unit."""


@dataclass
class Unit:
    """One further unit, as it is remembered between starts."""

    kind: str
    id: str
    port: int = 0
    redis_db: int = 0
    fields: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise BadUnit unless every name is one of ours."""
        if self.kind not in {"database", "server", "tenant"}:
            raise BadUnit("kind is database, server or tenant")
        if not ID.fullmatch(self.id):
            raise BadUnit("id: 3 to 40 of a-z, 0-9 and _, a letter first")
        if self.kind == "tenant":
            if not SCHEMA.fullmatch(self.fields.get("schema", "")):
                raise BadUnit("a tenant needs the name of its schema")
            if not self.fields.get("tenant") or not self.fields.get("server"):
                raise BadUnit("a tenant needs its public id and its server's unit id")


def server_of(places: Places, unit: Unit) -> Server:
    """The server of its own of a `server` unit."""
    return Server(places, name=unit.id, port=unit.port, unit=unit.id)


def choose_port(unit: Unit, others: list[Unit]) -> None:
    """Give a server or a tenant a port that nobody else has."""
    taken = frozenset(other.port for other in others)
    if unit.kind == "server":
        # The port only names the socket file: no other program competes for it.
        unit.port = next(p for p in range(SERVER_PORTS, 65000) if p not in taken)
    if unit.kind == "tenant":
        unit.port = free(TENANT_PORTS, taken)
        used = {other.redis_db for other in others}
        unit.redis_db = next(n for n in range(1, 1024) if n not in used)


def make(places: Places, unit: Unit, known: dict[str, Unit]) -> Part | None:
    """Make what the unit needs; returns the process to run, if it has one.

    Every step may be repeated: this is also how units come back at the next start.
    """
    if unit.kind == "database":
        make_database(places, unit)
        return None
    if unit.kind == "server":
        server = server_of(places, unit)
        server.initialise()
        server.stop()  # only a supervisor that was killed could have left one
        return parts.postgres(server)
    if known.get(unit.fields["server"], unit).kind != "server":
        raise BadUnit(f"no server unit is called {unit.fields['server']}")
    return tenant_part(places, unit, known[unit.fields["server"]])


# Log-ins are rotated: one that has a password keeps it, one that was revoked has none.
NEVER_USED = """
SELECT 1 FROM pg_authid WHERE rolname = %s AND rolpassword IS NULL AND rolcanlogin
"""


def make_database(places: Places, unit: Unit) -> None:
    """A database on the main server with a log-in of its own that owns nothing."""
    server = Server(places)
    secret = keys.of_unit(places, unit.id, "password").read_text()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        roles.create_role(connection, unit.id, "LOGIN NOINHERIT")
        verifier = connection.pgconn.encrypt_password(
            secret.encode(), unit.id.encode(), b"scram-sha-256"
        ).decode()
        name = sql.Identifier(unit.id)
        if connection.execute(NEVER_USED, [unit.id]).fetchone():
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, verifier)
            connection.execute(statement)
        for statement in (
            sql.SQL("ALTER ROLE {} SET search_path = ''").format(name),
            sql.SQL("ALTER ROLE {} SET timezone = 'UTC'").format(name),
        ):
            connection.execute(statement)
    services.create_database(server, unit.id)
    roles.install_database(server.dsn(unit.id), unit.id)


def prepare_server(places: Places, unit: Unit) -> None:
    """Log-ins, database and grants on a server that has just become ready."""
    services.prepare(server_of(places, unit))


def tenant_part(places: Places, unit: Unit, server: Unit) -> Part:
    """Web and worker of a tenant on a server of its own, under its own keys."""
    environment = tenant_environment(places, unit, server)
    folder = places.units / unit.id
    private_directory(places.units)
    private_directory(folder)
    write_private(folder / "environment", json.dumps(environment))
    return parts.tenant(unit.id, reserve(unit), environment)


def reserve(unit: Unit) -> socket.socket:
    """Listen on the unit's port, or on another one when it was taken meanwhile."""
    try:
        return listen(unit.port)
    except OSError:
        unit.port = free(TENANT_PORTS)
        return listen(unit.port)


def tenant_environment(places: Places, unit: Unit, server: Unit) -> dict[str, str]:
    """What a production start in tenant mode requires; no key of the control plane."""
    control = embedded(places)
    own = partial(keys.of_unit, places, unit.id)
    own_server = server_of(places, server)
    return {
        "PAYBILL_MODE": "tenant",
        "DATABASE_URL": own_server.url("paybill_app", DATABASE),
        "PAYBILL_PROVISIONER_URL": own_server.url("paybill_provisioner", DATABASE),
        "REDIS_URL": redis_url(places, unit.redis_db),
        "EMAIL_URL": control["EMAIL_URL"],
        "PAYBILL_BASE_URL": control["PAYBILL_BASE_URL"],
        "PAYBILL_TENANT_DOMAIN": control["PAYBILL_TENANT_DOMAIN"],
        "PAYBILL_SECRET_KEY": own("session").read_text(),
        "PAYBILL_DATA_KEYS": own("data").read_text(),
        "PAYBILL_AUDIT_KEY": own("audit").read_text(),
        "PAYBILL_LICENCE_PUBLIC_KEY": public_half(control["PAYBILL_LICENCE_KEY"]),
        "PAYBILL_ENTRY_PUBLIC_KEY": public_half(control["PAYBILL_ENTRY_KEY"]),
        "PAYBILL_TENANT_ID": unit.fields["tenant"],
        "PAYBILL_SCHEMA": unit.fields["schema"],
    }


def outputs(places: Places, unit: Unit, ready: bool) -> dict[str, Any]:
    """What `show` answers: places and references, never a secret."""
    shown: dict[str, Any] = {"kind": unit.kind, "id": unit.id, "ready": ready}
    folder = places.units / unit.id
    if unit.kind == "tenant":
        shown["url"] = f"http://127.0.0.1:{unit.port}"
        return {**shown, "port": unit.port, "environment": str(folder / "environment")}
    main = unit.kind == "database"
    shown |= {
        "host": str(places.postgres_sockets),
        "port": Server(places).port if main else unit.port,
        "database": unit.id if main else DATABASE,
        "user": unit.id if main else "paybill_app",
        "secret": str(folder / ("password" if main else "paybill_app")),
    }
    if main:
        shown["provisioner_secret"] = str(places.keys / "paybill_provisioner")
    else:
        shown["provisioner_secret"] = str(folder / "paybill_provisioner")
    return shown


def unmake(places: Places, unit: Unit) -> None:
    """Delete the data of a unit whose process has stopped; may be repeated."""
    if unit.kind == "database":
        with psycopg.connect(Server(places).dsn(), autocommit=True) as connection:
            name = sql.Identifier(unit.id)
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name)
            )
            # Log-ins are rotated: there may be a second one.
            for role in (unit.id, f"{unit.id}_b"):
                drop = sql.SQL("DROP ROLE IF EXISTS {}")
                connection.execute(drop.format(sql.Identifier(role)))
    if unit.kind == "server":
        shutil.rmtree(server_of(places, unit).data, ignore_errors=True)
    shutil.rmtree(places.units / unit.id, ignore_errors=True)
