"""Tenant schemas: made in one message from compiled SQL, known by their version.

1. ``version`` is a hash of all that a tenant's schema is made from.
2. ``kernel.migrating`` migrates a template schema once per version and compiles it
   to SQL, which is kept in ``paybill.template``.
3. ``build`` makes roles, schema, objects and rights from it in one transaction, so a
   crash leaves nothing. The version is kept as the comment of the schema.

Names are opaque: every role can read the names of all schemas in the catalogue.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import sys
from functools import cache

import psycopg
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from paybill_site.kernel import grants, roles
from paybill_site.kernel.planes import plane_labels

# Raised when ``build`` or the compiler change what they make.
FORM = "1"
# Stands for the name of the schema in compiled SQL; it occurs nowhere else.
MARK = "paybill_tpl"
TENANT = "t_"


class NoTemplate(RuntimeError):
    """This version has no compiled template: run ``./paybill migrate_planes``."""


@cache
def version() -> str:
    """Hash (16 hex digits) of what a tenant's schema is made from, as of this code."""
    digest = hashlib.sha256(f"{FORM} {migrations_digest(MARK)}".encode())
    digest.update(grants.digest_source(MARK).encode())
    return digest.hexdigest()[:16]


@cache
def migrations_digest(schema: str) -> str:
    """SHA-256 of all migration files of the apps in the plane of ``schema``."""
    labels = plane_labels(schema)
    digest = hashlib.sha256()
    found = MigrationLoader(None).disk_migrations
    for (label, name), migration in sorted(found.items()):
        if label in labels:
            digest.update(f"\n{label}.{name}\n".encode() + _source(migration))
    return digest.hexdigest()


def _source(migration: object) -> bytes:
    path = sys.modules[type(migration).__module__].__file__ or ""
    with open(path, "rb") as file:
        return file.read()


def new_name() -> str:
    """An opaque name with 80 random bits."""
    return TENANT + base64.b32encode(secrets.token_bytes(10)).decode().lower()


def build(dsn: str, schema: str, app: str = roles.APP, source: str = "") -> str:
    """Make the plane ``schema`` complete, and return the version it has.

    ``dsn`` is the provisioner's address of the database, ``app`` the log-in that may
    enter the plane, ``source`` the compiled SQL when this database does not keep it.
    Raises NoTemplate, and psycopg's DuplicateSchema when the name is taken.
    """
    made = version()
    with psycopg.connect(dsn, autocommit=True) as connection:
        source = source or compiled(connection)
        with connection.transaction():
            _build(connection, schema, app, source.replace(MARK, schema))
            set_version(connection, schema, made)
    return made


def _build(connection: roles.Connection, schema: str, app: str, source: str) -> None:
    roles.create_trio(connection, schema, app)
    owner = sql.Identifier(roles.role_of(schema, "owner"))
    create = sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}")
    connection.execute(create.format(sql.Identifier(schema), owner))
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
    # Compiled from our own template: no parameters, many statements, one message.
    connection.execute(source.encode())


def drop(dsn: str, schema: str) -> None:
    """Drop a plane with everything in it, and its roles; repeatable."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if schema in schemas(connection):
            owner = sql.Identifier(roles.role_of(schema, "owner"))
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
                connection.execute(
                    sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema))
                )
        roles.drop_trio(connection, schema)


def compiled(connection: roles.Connection) -> str:
    """The compiled SQL of this version; raises NoTemplate."""
    with connection.transaction():
        connection.execute("SET LOCAL ROLE paybill_control_owner")
        found = connection.execute(
            "SELECT sql FROM paybill.template WHERE hash = %s", [version()]
        ).fetchone()
    if found is None:
        raise NoTemplate(NoTemplate.__doc__)
    return str(found[0])


def schemas(connection: roles.Connection) -> dict[str, str]:
    """Every tenant schema of the database with its version; "" is unfinished."""
    rows = connection.execute(
        "SELECT nspname, coalesce(obj_description(oid, 'pg_namespace'), '')"
        " FROM pg_namespace WHERE pg_get_userbyid(nspowner) = nspname || '_owner'"
        " ORDER BY oid"
    ).fetchall()
    return dict(rows)


def set_version(connection: roles.Connection, schema: str, made: str) -> None:
    """Write down that the schema is complete in this version; acts as its owner."""
    connection.execute(
        sql.SQL("COMMENT ON SCHEMA {} IS {}").format(sql.Identifier(schema), made)
    )
