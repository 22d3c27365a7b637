"""Backed up, lost, restored: every table is as it was, or nothing was touched."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone
from psycopg import sql

from agents.models import Agent, AgentToken
from examples.storefront.models import Customer
from paybill_site.kernel import roles, schema
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Forbidden, NotFound
from paybill_site.kernel.planes import plane
from paybill_site.kernel.verifying import verify
from provisioning.actions import DrillBackup, DropCopy, RestoreCopy, RestoreInPlace
from provisioning.databases import care, inplace, work
from provisioning.databases.places import ground_of, placement_of
from provisioning.databases.states import BackupState, JobState
from provisioning.models import Backup, DatabaseCopy, DatabaseJob
from tenants import routing
from tenants.models import Tenant
from tenants.states import Suspension, TenantState
from tests.cast import make_user
from tests.provisioning.databases.conftest import (
    OPERATOR,
    add_customers,
    asked,
    back_up,
    customers,
    done,
    home,
    tables,
)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other process looks hosts up here, so none is waited for."""
    monkeypatch.setattr(inplace, "SLACK", 0.0)
    monkeypatch.setattr(routing, "KEPT", 0.0)


def lose_everything(tenant: Tenant) -> None:
    """Drop a tenant's schema and the roles of it."""
    ground = ground_of(placement_of(tenant))
    schema.drop(ground.dsn, ground.schema)


def lose_the_tables(tenant: Tenant) -> None:
    """Leave an empty schema, as its owner could."""
    ground = ground_of(placement_of(tenant))
    with psycopg.connect(ground.dsn) as connection:
        owner = sql.Identifier(roles.role_of(ground.schema, "owner"))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        name = sql.Identifier(ground.schema)
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(name))
        create = sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}")
        connection.execute("RESET ROLE")
        connection.execute(create.format(name, owner))


@pytest.mark.parametrize("lose", [lose_everything, lose_the_tables])
@pytest.mark.parametrize("kind", ["pooled", "bridge"])
def test_what_was_dropped_is_restored_with_equal_sums(
    kind: str, lose: Any, request: pytest.FixtureRequest
) -> None:
    tenant: Tenant = request.getfixturevalue(kind)
    before, people = tables(tenant), customers(tenant)
    backup = back_up(tenant)
    assert backup.state == BackupState.READY
    assert backup.manifest["tables"] == before
    assert len(before) > 20
    lose(tenant)
    done(asked(RestoreInPlace, backup))
    assert tables(tenant) == before
    assert customers(tenant) == people
    # It can be worked in as before: rights, sequences, triggers.
    add_customers(tenant, "Barbara")
    assert len(customers(tenant)) == len(people) + 1
    tenant.refresh_from_db()
    assert tenant.state == TenantState.LIVE
    assert not verify().findings


def test_a_restore_in_place_sets_later_rows_aside_and_keeps_them(
    pooled: Tenant,
) -> None:
    backup = back_up(pooled)
    add_customers(pooled, "Late")
    later = tables(pooled)
    done(asked(RestoreInPlace, backup))
    assert "Late" not in customers(pooled)
    kept = DatabaseCopy.objects.get(purpose="kept")
    assert kept.dropped_at is None
    assert (
        tables(pooled, kept.schema_name)["storefront_customer"]
        == (later["storefront_customer"])
    )


def test_the_restored_plane_has_the_rights_of_a_fresh_one(pooled: Tenant) -> None:
    fresh = rights(pooled)
    done(asked(RestoreInPlace, back_up(pooled)))
    assert rights(pooled) == fresh


def rights(tenant: Tenant) -> list[Any]:
    """Owner and rights of every table and sequence, and the triggers."""
    ground = ground_of(placement_of(tenant))
    query = """
    SELECT relname, relkind, pg_get_userbyid(relowner), relacl::text,
           (SELECT array_agg(tgname ORDER BY tgname) FROM pg_trigger
            WHERE tgrelid = c.oid AND NOT tgisinternal)
    FROM pg_class c WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'S')
    ORDER BY relname
    """
    with psycopg.connect(ground.dsn) as connection:
        return connection.execute(query, [ground.schema]).fetchall()


def test_a_copy_lies_beside_and_can_do_nothing(pooled: Tenant) -> None:
    backup = back_up(pooled)
    job = done(asked(RestoreCopy, backup))
    copy = DatabaseCopy.objects.get(purpose="copy")
    assert job.report["tables"]["storefront_customer"] == 3
    assert (
        tables(pooled, copy.schema_name)["storefront_customer"]
        == (backup.manifest["tables"]["storefront_customer"])
    )
    assert customers(pooled) == ["Ada", "Edsger", "Grace"]
    perform(DropCopy, copy, actor=OPERATOR)
    assert care.drop_copies() == 1
    copy.refresh_from_db()
    assert copy.dropped_at is not None
    with psycopg.connect(ground_of(placement_of(pooled)).dsn) as connection:
        assert copy.schema_name not in schema.schemas(connection)


def test_a_drill_compares_and_leaves_nothing(pooled: Tenant) -> None:
    job = done(asked(DrillBackup, back_up(pooled)))
    assert job.report["equal"] is True
    with psycopg.connect(ground_of(placement_of(pooled)).dsn) as connection:
        assert not [n for n in schema.schemas(connection) if n.startswith("r_")]
    assert care.drill() == 0  # not again within the week


def archive_of(backup: Backup, store: Path) -> Path:
    return store / backup.location


@pytest.mark.parametrize(
    ("hurt", "reason"),
    [
        (lambda whole: whole[:-1], "does not open"),
        (lambda whole: whole[: len(whole) // 2], "does not open"),
        (lambda whole: whole[:10], "no archive of Paybill's"),
        (lambda whole: b"", "no archive of Paybill's"),
        (lambda whole: whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:], "not open"),
        (lambda whole: whole + b"x", "does not open"),
        (lambda whole: whole.replace(b'"bak_', b'"bax_', 1), "another backup's"),
        (lambda whole: whole.replace(b"taken_at", b"taken_aT", 1), "does not open"),
    ],
    ids=[
        "a byte short",
        "half",
        "ten bytes",
        "empty",
        "a bit",
        "longer",
        "another id",
        "another header",
    ],
)
def test_a_broken_archive_is_refused_before_anything_is_touched(
    pooled: Tenant, store: Path, hurt: Any, reason: str
) -> None:
    backup = back_up(pooled)
    path = archive_of(backup, store)
    path.write_bytes(hurt(path.read_bytes()))
    before = tables(pooled)
    job = asked(RestoreInPlace, backup)
    assert work.work(job.public_id)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert reason in job.explanation
    assert tables(pooled) == before
    assert Tenant.objects.get(pk=pooled.pk).state == TenantState.LIVE
    with psycopg.connect(ground_of(placement_of(pooled)).dsn) as connection:
        assert not [n for n in schema.schemas(connection) if n.startswith("r_")]


def test_a_lost_archive_and_another_tenants_are_refused(
    pooled: Tenant, store: Path
) -> None:
    first, second = back_up(pooled), back_up(pooled)
    whole = archive_of(second, store).read_bytes()
    archive_of(first, store).write_bytes(whole)
    archive_of(second, store).unlink()
    for backup, reason in ((first, "another backup's"), (second, "not in the store")):
        job = asked(RestoreInPlace, backup)
        work.work(job.public_id)
        job.refresh_from_db()
        assert reason in job.explanation


def test_a_restore_ends_sessions(pooled: Tenant) -> None:
    with plane(home(pooled)):
        Session.objects.create(session_key="k", expire_date=timezone.now())
    backup = back_up(pooled)
    done(asked(RestoreInPlace, backup))
    with plane(home(pooled)):
        assert not Session.objects.exists()
        assert Customer.objects.count() == 3


def test_strangers_restore_nothing(
    pooled: Tenant, outsider: Any, teammate: Any, owner: Any
) -> None:
    backup = back_up(pooled)
    with pytest.raises(NotFound):
        perform(RestoreInPlace, backup, actor=outsider)
    with pytest.raises(Forbidden):
        perform(RestoreInPlace, backup, actor=teammate)
    job = perform(RestoreInPlace, backup, actor=owner).result
    assert job.state == JobState.QUEUED
    assert perform(RestoreInPlace, backup, actor=owner).result == job
    assert DatabaseJob.objects.filter(kind="in_place").count() == 1


def test_a_tenant_that_an_operator_closed_stays_closed(pooled: Tenant) -> None:
    backup = back_up(pooled)
    closed = {"state": TenantState.SUSPENDED, "suspension": Suspension.OPERATOR}
    Tenant.objects.filter(pk=pooled.pk).update(**closed)
    done(asked(RestoreInPlace, backup))
    pooled.refresh_from_db()
    assert (pooled.state, pooled.suspension) == tuple(closed.values())


def test_a_backup_of_older_code_is_migrated_before_it_is_used(
    pooled: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground = ground_of(placement_of(pooled))
    with psycopg.connect(ground.dsn) as connection:  # before the product was there
        owner = sql.Identifier(roles.role_of(ground.schema, "owner"))
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(owner))
        name = sql.Identifier(ground.schema)
        connection.execute(sql.SQL("SET LOCAL search_path = {}").format(name))
        for table in tables(pooled):
            if table.startswith("storefront_"):
                drop = sql.SQL("DROP TABLE {} CASCADE")
                connection.execute(drop.format(sql.Identifier(table)))
        connection.execute("DELETE FROM django_migrations WHERE app = 'storefront'")
    backup = back_up(pooled)
    assert "storefront_customer" not in backup.manifest["tables"]
    newer = "f" * 16
    monkeypatch.setattr(schema, "version", lambda: newer)
    done(asked(RestoreInPlace, backup))
    add_customers(pooled, "New")
    assert customers(pooled) == ["New"]
    with psycopg.connect(ground.dsn) as connection:
        assert schema.schemas(connection)[ground.schema] == newer


def test_tokens_that_were_revoked_since_stay_revoked(pooled: Tenant) -> None:
    with plane(home(pooled)):
        agent = Agent.objects.create(name="helper", principal=make_user("bot"))
        kept, revoked = (token_of(agent, name) for name in ("kept", "revoked"))
    backup = back_up(pooled)
    with plane(home(pooled)):
        AgentToken.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())
    done(asked(RestoreInPlace, backup))
    with plane(home(pooled)):
        alive = AgentToken.objects.filter(revoked_at=None)
        assert list(alive.values_list("public_id", flat=True)) == [kept.public_id]


def token_of(agent: Agent, name: str) -> AgentToken:
    later = timezone.now() + timedelta(days=1)
    return AgentToken.objects.create(
        agent=agent, digest=name, prefix=name, expires_at=later
    )


def test_backups_open_after_the_keys_were_rotated(
    pooled: Tenant, settings: Any
) -> None:
    backup = back_up(pooled)
    old = settings.PAYBILL_KEYS["data"]
    fresh = base64.b64encode(bytes(range(32))).decode()
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "data": [fresh, *old]}
    call_command("rotate_keys", stdout=StringIO())
    settings.PAYBILL_KEYS = {**settings.PAYBILL_KEYS, "data": [fresh]}
    job = done(asked(DrillBackup, Backup.objects.get(pk=backup.pk)))
    assert job.state == JobState.DONE
