"""The databases of the tests: a template per version of the schema, a copy per process.

1. The embedded PostgreSQL and Redis are started, unless another run holds them.
2. Unless it exists, a template database is made: the control plane migrated, the
   live tenants ``ta`` and ``tb`` and a few warm places built, as in production.
3. Every process copies the template (100 ms) and works in its copy. Tests run in a
   transaction that is rolled back; one that needs real commits asks for
   ``committed`` and the next test gets a new copy. (Django's own flush would
   TRUNCATE append-only tables, which is refused.)
4. In memory, a copy is dropped as soon as there is the next. On a disk all are at the
   end: a file system without a journal looks at every file that was deleted in the
   last minutes before it makes one, and a database is 2,000 files. So dropping each
   at once made copying ten times slower.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import connections
from psycopg import sql

from paybill_site.kernel import grants, migrating, roles, schema
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants import pool, slugs
from tenants.models import Account, Domain, Placement, Tenant
from tenants.states import Isolation, PlacementState, TenantState
from tests import services
from tests.services import superuser

TENANT_A = Place("default", "ta", "ten_000000000000000000000000ta")
TENANT_B = Place("default", "tb", "ten_000000000000000000000000tb")
WARM = 1
COPIES = itertools.count()
LEAVE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
MADE_HERE = re.compile(r"(tpl|test)_[0-9a-f]+")


def provisioner() -> str:
    """Address of this process's database for the provisioner."""
    return migrating.provisioner_dsn()


def template() -> str:
    """Name of the template database of this code, made if need be. Under a lock.

    Another version of the code may be tested at the same time: its template stays.
    """
    name = f"tpl_{_digest()}"
    services.share(f"{name}.lock")
    with psycopg.connect(superuser(), autocommit=True) as connection:
        found = connection.execute("SELECT datname FROM pg_database").fetchall()
        for (database,) in found:
            if MADE_HERE.match(database) and not services.is_shared(_lock_of(database)):
                _drop(connection, database)
                services.forget(_lock_of(database))
        if (name,) in found:
            return name
        half = f"{name}_half"
        _drop(connection, half)
        _run(connection, "CREATE DATABASE {}", half)
        _fill(half)
        _run(connection, "ALTER DATABASE {} RENAME TO {}", half, name)
    return name


def _digest() -> str:
    digest = hashlib.sha256(schema.version().encode())
    digest.update(schema.migrations_digest(CONTROL.schema).encode())
    for module in (roles, grants, schema, migrating):
        digest.update(Path(str(module.__file__)).read_bytes())
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()[:12]


def own_name(what: str = "") -> str:
    """A name for a database or role of this process; the next run clears it away."""
    return f"test_{os.getpid()}{what and '_'}{what}"


def _lock_of(database: str) -> str:
    """``test_123.lock`` for ``test_123`` and all else that process 123 makes."""
    return "_".join(database.split("_")[:2]) + ".lock"


def _fill(database: str) -> None:
    roles.install_database(superuser(database))
    _point_to(database)
    with migrating.as_provisioner() as dsn:
        migrating.migrate(CONTROL)
        migrating.ensure_template(dsn)
    with plane(CONTROL):
        for place in (TENANT_A, TENANT_B):
            _move_in(place, schema.build(dsn, place.schema))
        pool.fill(WARM)
    connections.close_all()


def _move_in(place: Place, version: str) -> None:
    """A live tenant ``ta`` (``tb``) at ``ta.localhost``, of an account of its own."""
    account = Account.objects.create(name=f"Account of {place.schema}", created_by="")
    tenant = Tenant.objects.create(
        public_id=place.tenant,
        account=account,
        name=f"Tenant {place.schema}",
        slug=place.schema,
        slug_skeleton=slugs.skeleton(place.schema),
        state=TenantState.LIVE,
    )
    placement = Placement.objects.create(
        tenant=tenant,
        kind=Isolation.POOLED,
        state=PlacementState.TAKEN,
        schema_name=place.schema,
        template=version,
    )
    host = f"{place.schema}.{settings.PAYBILL_TENANT_DOMAIN}"
    Domain.objects.create(domain=host, tenant=placement)


def _point_to(database: str) -> None:
    connections.close_all()
    connections.databases["default"]["NAME"] = database
    connections["default"].settings_dict["NAME"] = database


def _copy(source: str, database: str) -> None:
    # Through the log is quicker on a disk, file by file in memory.
    how = "FILE_COPY" if services.in_memory() else "WAL_LOG"
    make = f"CREATE DATABASE {{}} TEMPLATE {{}} STRATEGY {how}"
    with psycopg.connect(superuser(), autocommit=True) as connection:
        _run(connection, make, database, source)
        # Rights on the database itself are not copied.
        roles.admit(connection, database)


def _move_to_a_copy(source: str) -> None:
    """Work in a fresh copy from now on; who is still in the old one is sent away."""
    old = str(connections["default"].settings_dict["NAME"])
    database = own_name(f"{next(COPIES)}")
    # No lock: the template stays, for we share its own.
    _copy(source, database)
    _point_to(database)
    with psycopg.connect(superuser(), autocommit=True) as connection:
        if services.in_memory() and MADE_HERE.match(old):
            _drop(connection, old)
        else:
            connection.execute(LEAVE, [old])


def _drop(connection: roles.Connection, database: str) -> None:
    _run(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)


def _run(connection: roles.Connection, statement: Any, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_blocker: Any, request: pytest.FixtureRequest
) -> Iterator[str]:
    """In place of pytest-django's: this process's own copy of the template."""
    with django_db_blocker.unblock():
        services.hold(request.config)
        with services.lock("template.lock"):
            services.share(_lock_of(own_name()))
            source = template()
        _move_to_a_copy(source)
        yield source
        connections.close_all()
        with services.lock("template.lock"):
            with psycopg.connect(superuser(), autocommit=True) as connection:
                for number in range(next(COPIES)):
                    _drop(connection, own_name(f"{number}"))
            services.forget(_lock_of(own_name()))


@pytest.fixture
def committed(django_db_setup: str, django_db_blocker: Any) -> Iterator[None]:
    """Real transactions, without a rollback around them; the database is replaced."""
    with django_db_blocker.unblock():
        yield
        _move_to_a_copy(django_db_setup)
        caches.close_all()


@pytest.fixture
def compiling(committed: None) -> Iterator[None]:
    """``committed``, and nobody else compiles a plane: its roles are the server's."""
    with services.lock("template.lock"):
        yield


@pytest.fixture
def tenant_a(request: pytest.FixtureRequest) -> Place:
    """The plane of the first tenant; enter it with ``plane(tenant_a)``."""
    _need_database(request)
    return TENANT_A


@pytest.fixture
def tenant_b(request: pytest.FixtureRequest) -> Place:
    """The plane of the second tenant."""
    _need_database(request)
    return TENANT_B


@pytest.fixture
def control(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The control plane, entered for the whole test."""
    _need_database(request)
    with plane(CONTROL):
        yield CONTROL


@pytest.fixture
def in_a(tenant_a: Place) -> Iterator[Place]:
    """The plane of the first tenant, entered for the whole test."""
    with plane(tenant_a):
        yield tenant_a


def _need_database(request: pytest.FixtureRequest) -> None:
    """A rolled-back transaction around the test, unless it asked for real ones."""
    if "committed" not in request.fixturenames:
        request.getfixturevalue("db")
    else:
        request.getfixturevalue("committed")
