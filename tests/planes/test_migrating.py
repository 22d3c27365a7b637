"""``migrate_planes``: one plane after the other, repeated until all are done."""

from __future__ import annotations

import io

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError

from paybill_site.kernel import grants, migrating, planes, schema
from paybill_site.kernel.models import Transition
from paybill_site.kernel.planes import Place, plane
from tests.database import provisioner

pytestmark = pytest.mark.usefixtures("compiling")


def migrate_planes() -> str:
    out = io.StringIO()
    call_command("migrate_planes", stdout=out)
    return out.getvalue()


def versions() -> dict[str, str]:
    with psycopg.connect(provisioner()) as connection:
        return schema.schemas(connection)


def make_outdated(name: str) -> None:
    as_owner(name, f"COMMENT ON SCHEMA {name} IS 'older'")


def as_owner(name: str, statement: str) -> None:
    with psycopg.connect(provisioner()) as connection:
        connection.execute(f"SET ROLE {name}_owner".encode())
        connection.execute(f"SET search_path = {name}".encode())
        connection.execute(statement.encode())


def test_when_all_is_done_nothing_is_touched() -> None:
    assert "tenants in default: 0 migrated" in migrate_planes()


def test_an_older_plane_is_brought_up_to_date() -> None:
    make_outdated("ta")
    said = migrate_planes()
    assert "1/1 ta: done" in said
    assert versions()["ta"] == schema.version()


def test_a_run_cut_off_before_the_rights_is_finished_by_the_next(
    tenant_a: Place,
) -> None:
    make_outdated("ta")
    as_owner("ta", "REVOKE ALL ON ALL TABLES IN SCHEMA ta FROM ta_app")
    migrate_planes()
    with plane(tenant_a):
        assert not Transition.objects.exists()


def test_a_tenant_that_fails_does_not_hold_up_the_others() -> None:
    make_outdated("ta")
    make_outdated("tb")
    as_owner("ta", "DROP TABLE kernel_transition CASCADE")
    with pytest.raises(CommandError, match="default/ta"):
        migrate_planes()
    assert versions()["ta"] == "older"
    assert versions()["tb"] == schema.version()


def test_two_migrations_of_a_database_wait_for_each_other() -> None:
    dsn = provisioner()
    key = "hashtext('paybill.migrate')"
    with migrating.alone(dsn), psycopg.connect(dsn) as other:
        free = other.execute(f"SELECT pg_try_advisory_lock({key})".encode()).fetchone()
    assert free == (False,)


def test_a_template_is_compiled_once_and_leaves_no_schema(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schema, "version", lambda: "a_new_version")
    with migrating.as_provisioner() as dsn:
        assert migrating.ensure_template(dsn)
        assert not migrating.ensure_template(dsn)
    assert schema.MARK not in versions()


def test_ordinary_log_ins_come_back_after_the_provisioners(tenant_a: Place) -> None:
    with plane(tenant_a):
        with migrating.as_provisioner(), pytest.raises(ProgrammingError):
            planes.cursor()
        with planes.cursor() as cursor:
            cursor.execute("SELECT session_user::text")
            assert cursor.fetchone() == ("paybill_app",)


def test_new_rights_reach_old_planes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants, "_exposed", {"kernel_transition": frozenset(["actor"])})
    schema.version.cache_clear()
    try:
        migrate_planes()
        with plane(Place("default", "ta"), role="agent"), planes.cursor() as cursor:
            cursor.execute("SELECT actor FROM kernel_transition")
            assert [column.name for column in cursor.description] == ["actor"]
    finally:
        schema.version.cache_clear()
