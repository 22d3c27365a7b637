"""Tenants with databases to care for: a pooled one and a bridge, with rows in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from examples.storefront.models import Customer
from paybill_site.kernel import actors, roles, schema
from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import Place, plane
from provisioning.actions import RequestBackup
from provisioning.databases import sums, work
from provisioning.databases.places import ground_of, placement_of
from provisioning.databases.states import JobState
from provisioning.models import Backup, DatabaseJob
from tenants.directory import reach
from tenants.models import Account, Entitlement, Placement, Tenant
from tenants.states import EntitlementState, Isolation, PlacementState, TenantState
from tests.cast import make_tenant
from tests.database import own_name, provisioner
from tests.services import superuser

OPERATOR = actors.system(
    "test operator",
    "tenants.view_tenant",
    "provisioning.view_backup",
    "provisioning.view_databasejob",
    "provisioning.view_databasecopy",
    "provisioning.request_backup",
    "provisioning.restore_backup",
    "provisioning.copy_backup",
    "provisioning.drill_backup",
    "provisioning.drop_databasecopy",
    "provisioning.rotate_database",
    "provisioning.sleep_database",
)
DATABASE, LOG_IN = own_name("cared"), own_name("cared")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Any) -> Path:
    """A folder for archives."""
    settings.PAYBILL_BACKUPS = str(tmp_path / "backups")
    return tmp_path / "backups"


@pytest.fixture
def pooled(committed: None, control: Place, account: Account) -> Iterator[Tenant]:
    """A live tenant in a schema of its own name, with three customers in it."""
    name = schema.new_name()
    schema.build(provisioner(), name)
    tenant = _move_in(account, Isolation.POOLED, schema_name=name)
    add_customers(tenant, "Ada", "Grace", "Edsger")
    yield tenant
    _clear(provisioner())


@pytest.fixture
def bridge(committed: None, control: Place, account: Account) -> Iterator[Tenant]:
    """A live tenant in a database with a log-in of its own."""
    with psycopg.connect(superuser(), autocommit=True) as root:
        _drop_bridge(root)
        roles.create_role(root, LOG_IN, "LOGIN NOINHERIT")
        roles.prepare_log_in(root, LOG_IN, "secret")
    roles.create_database(superuser(), DATABASE)
    roles.install_database(superuser(DATABASE), LOG_IN)
    with psycopg.connect(provisioner(), autocommit=True) as home:
        source = schema.compiled(home)
    there = make_conninfo(provisioner(), dbname=DATABASE)
    name = schema.new_name()
    schema.build(there, name, LOG_IN, source)
    dsn = make_conninfo(there, user=LOG_IN, password="secret")
    tenant = _move_in(
        account, Isolation.BRIDGE, schema_name=name, alias=DATABASE, dsn=dsn
    )
    add_customers(tenant, "Ada", "Grace")
    yield tenant
    if DATABASE in connections.databases:
        connections[DATABASE].close()
        del connections[DATABASE]
        del connections.databases[DATABASE]
    _clear(there)
    with psycopg.connect(superuser(), autocommit=True) as root:
        _drop_bridge(root)


def _drop_bridge(root: roles.Connection) -> None:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    root.execute(drop.format(sql.Identifier(DATABASE)))
    for role in (LOG_IN, f"{LOG_IN}_b"):
        root.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _clear(dsn: str) -> None:
    """Roles belong to the server: without this they would outlive the test."""
    names = Placement.objects.exclude(tenant=None).exclude(schema_name__in=["ta", "tb"])
    with psycopg.connect(dsn, autocommit=True) as connection:
        beside = [name for name in schema.schemas(connection) if name[:2] == "r_"]
    for name in [*names.values_list("schema_name", flat=True), *beside]:
        with suppress(psycopg.errors.DependentObjectsStillExist):
            schema.drop(dsn, name)


def _move_in(account: Account, kind: Isolation, **where: Any) -> Tenant:
    tenant = make_tenant(account, f"cared-{kind}", state=TenantState.LIVE)
    Placement.objects.create(
        tenant=tenant,
        kind=kind,
        state=PlacementState.TAKEN,
        template=schema.version(),
        **where,
    )
    Entitlement.objects.create(
        tenant=tenant,
        state=EntitlementState.ACTIVE,
        plan="team",
        isolation=kind,
        retention_days=7,
        backup_days=7,
        version=1,
    )
    return tenant


def home(tenant: Tenant) -> Place:
    return reach(placement_of(tenant))


def add_customers(tenant: Tenant, *names: str) -> None:
    with plane(home(tenant)):
        for name in names:
            Customer.objects.create(name=name, email=f"{name.lower()}@example.com")


def customers(tenant: Tenant) -> list[str]:
    with plane(home(tenant)):
        return sorted(Customer.objects.values_list("name", flat=True))


def tables(tenant: Tenant, name: str = "") -> sums.Tables:
    """Rows and sums of a plane's tables as they are now."""
    ground = ground_of(placement_of(tenant))
    name = name or ground.schema
    with psycopg.connect(ground.dsn) as connection:
        owner = sql.Identifier(roles.role_of(name, "owner"))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        return sums.tables(connection, name)


def back_up(tenant: Tenant, **asked: Any) -> Backup:
    """A backup that is ready."""
    backup: Backup = perform(RequestBackup, tenant, asked, actor=OPERATOR).result
    done(DatabaseJob.objects.get(backup=backup, kind="backup"))
    backup.refresh_from_db()
    return backup


def done(job: DatabaseJob) -> DatabaseJob:
    """A job brought to its good end in this process."""
    assert work.work(job.public_id)
    job.refresh_from_db()
    assert job.state == JobState.DONE, (job.explanation, job.traceback)
    return job


def asked(action: Any, target: Any) -> DatabaseJob:
    """The job that an operator asks for."""
    job: DatabaseJob = perform(action, target, actor=OPERATOR).result
    return job
