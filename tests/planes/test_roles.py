"""What each role may do, and above all what it may not."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import ProgrammingError, connections
from psycopg import errors

from paybill_site.kernel import grants, planes, roles
from paybill_site.kernel.models import AuditEntry, ChainHead, Transition
from paybill_site.kernel.planes import CONTROL, Place, atomic, plane
from tests.database import provisioner
from tests.services import superuser

# Everything by which rows that are only to be added to could be changed.
TAMPERING = [
    "UPDATE kernel_transition SET reason = 'nothing happened'",
    "DELETE FROM kernel_transition",
    "TRUNCATE kernel_transition",
    "ALTER TABLE kernel_transition DISABLE TRIGGER ALL",
    "DROP TRIGGER no_change ON kernel_transition",
    "DROP TABLE kernel_transition",
    "ALTER TABLE kernel_transition RENAME TO other",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE sql AS ''",
    "DROP FUNCTION refuse_change() CASCADE",
]
BUILDING = [
    "CREATE TABLE mine (id int)",
    "CREATE TEMP TABLE auth_group (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "DROP SCHEMA ta CASCADE",
    "UPDATE django_migrations SET name = 'other'",
]

DENIED = r"permission denied|must be owner"


def run(statement: str) -> list[Any]:
    with planes.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


@pytest.mark.parametrize("statement", TAMPERING)
@pytest.mark.parametrize("name", ["public", "ta"])
def test_the_running_code_can_not_rewrite_history(
    statement: str, name: str, db: None
) -> None:
    with plane(Place("default", name)):
        Transition.objects.create(
            target="x:y", machine="m", old="a", new="b", actor="t"
        )
        with pytest.raises(ProgrammingError, match=DENIED), atomic():
            run(statement)
        assert Transition.objects.get().reason == ""


def test_even_the_owner_has_to_remove_the_guard_first(committed: None) -> None:
    with plane(CONTROL):
        Transition.objects.create(
            target="x:y", machine="m", old="a", new="b", actor="t"
        )
    for statement in TAMPERING[:3]:
        with pytest.raises(errors.InsufficientPrivilege, match="append-only"):
            as_owner(statement)


def as_owner(statement: str) -> None:
    with psycopg.connect(provisioner()) as connection:
        connection.execute("SET ROLE paybill_control_owner")
        connection.execute("SET search_path = public")
        connection.execute(statement.encode())


@pytest.mark.parametrize("statement", BUILDING)
def test_the_running_code_builds_nothing(statement: str, in_a: Place) -> None:
    with pytest.raises(ProgrammingError, match=DENIED):
        run(statement)


def test_audit_entries_are_append_only_in_every_plane() -> None:
    for name in ("public", "ta"):
        guarded = grants.append_only_tables(name)
        assert AuditEntry._meta.db_table in guarded
        assert Transition._meta.db_table in guarded


def test_the_agent_role_reads_nothing_that_no_tool_exposes(in_a: Place) -> None:
    with plane(in_a, role="agent"), pytest.raises(ProgrammingError, match="denied"):
        ChainHead.objects.count()


def test_the_agent_role_reads_exposed_columns_and_writes_none(
    tenant_a: Place, committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grants, "_exposed", {})
    grants.expose(Group, ["name"])
    renew_rights("ta")
    with plane(tenant_a):
        Group.objects.create(name="seen")
        with plane(tenant_a, role="agent"):
            # No agent is named, so there is no row: see tests/agents/access.
            assert list(Group.objects.values_list("name", flat=True)) == []
            for forbidden in ("SELECT id FROM auth_group", "DELETE FROM auth_group"):
                with pytest.raises(ProgrammingError, match="permission denied"):
                    run(forbidden)


def renew_rights(name: str) -> None:
    with psycopg.connect(provisioner()) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {name}_owner".encode())
        cursor.execute(f"SET search_path = {name}".encode())
        grants.renew(cursor, name)


def test_the_log_ins_own_nothing_and_inherit_nothing(db: None) -> None:
    with psycopg.connect(superuser(connections["default"].settings_dict["NAME"])) as c:
        owned = c.execute(
            "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) IN (%s, %s)",
            [roles.APP, roles.PROVISIONER],
        ).fetchone()
        inherited = c.execute(
            "SELECT count(*) FROM pg_auth_members"
            " WHERE pg_get_userbyid(member) IN (%s, %s) AND inherit_option",
            [roles.APP, roles.PROVISIONER],
        ).fetchone()
    assert owned == inherited == (0,)


def test_the_app_log_in_can_not_become_an_owner(in_a: Place) -> None:
    for role in ("ta_owner", "paybill_control_owner", roles.PROVISIONER, "postgres"):
        with pytest.raises(ProgrammingError, match="denied to set role"), atomic():
            run(f"SET ROLE {role}")


def test_every_table_belongs_to_the_owner_of_its_plane(db: None) -> None:
    with psycopg.connect(superuser(connections["default"].settings_dict["NAME"])) as c:
        rows = c.execute(
            "SELECT DISTINCT n.nspname, pg_get_userbyid(c.relowner) FROM pg_class c"
            " JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'ta', 'tb', 'paybill') AND c.relkind <> 'i'"
        ).fetchall()
    assert set(rows) == {
        ("public", "paybill_control_owner"),
        ("paybill", "paybill_control_owner"),
        ("ta", "ta_owner"),
        ("tb", "tb_owner"),
    }


def test_a_plane_wakes_itself_and_no_other(tenant_a: Place, committed: None) -> None:
    with plane(tenant_a):
        planes.wake()
        planes.wake()
        with pytest.raises(ProgrammingError, match="can wake itself only"):
            run("SELECT paybill.wake('tb', now())")
        for forbidden in ("SELECT * FROM paybill.due", "DELETE FROM paybill.due"):
            with pytest.raises(ProgrammingError, match="permission denied"):
                run(forbidden)
    with plane(CONTROL):
        assert run("SELECT schema FROM paybill.due") == [("ta",)]


def test_waking_later_never_puts_off_what_is_due(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        run("SELECT paybill.wake('ta', '2030-01-01Z')")
        run("SELECT paybill.wake('ta', '2029-01-01Z')")
        run("SELECT paybill.wake('ta', '2031-01-01Z')")
    with plane(CONTROL):
        assert run("SELECT extract(year FROM at)::int FROM paybill.due") == [(2029,)]


def test_installing_again_changes_nothing(db: None) -> None:
    name = connections["default"].settings_dict["NAME"]
    roles.install_database(superuser(name))
    with plane(CONTROL):
        assert Group.objects.count() == 0
