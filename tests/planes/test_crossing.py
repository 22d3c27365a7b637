"""From inside tenant A, by every path, to the rows of tenant B and the control plane.

The last tests are the list of what remains possible. It is short, and each entry
needs SQL of the attacker's own making; the product builds none from input. For such
an attacker the wall is a log-in of the tenant's own: bridge and silo.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, ProgrammingError, connections, transaction
from django.db.models import Exists, OuterRef

from paybill_site.kernel import planes
from paybill_site.kernel.planes import CONTROL, Place, WrongPlane, atomic, plane

SECRET = "the secret of b"

BY_NAME = [
    "SELECT name FROM tb.auth_group",
    "SELECT name FROM public.auth_group",
    "UPDATE tb.auth_group SET name = 'x'",
    "INSERT INTO tb.auth_group (name) VALUES ('x')",
    "TRUNCATE tb.auth_group",
    "SELECT * FROM paybill.template",
    "SET search_path = tb; SELECT name FROM tb.auth_group",
    "SELECT query_to_xml('SELECT name FROM tb.auth_group', true, true, '')",
    "SELECT schema_to_xml('tb', true, true, '')",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY tb.auth_group TO PROGRAM 'cat'",
    "COPY (SELECT 1) TO '/tmp/x'",
]
BY_ROLE = [
    # RESET goes back to the log-in, which owns nothing.
    "RESET ROLE; SELECT name FROM tb.auth_group",
    "SET ROLE NONE; SELECT name FROM tb.auth_group",
    "SET SESSION AUTHORIZATION postgres",
    "SET ROLE tb_owner",
    "SET ROLE paybill_control_owner",
    # A SELECT can not change the role.
    "SELECT set_config('role', 'tb_app', false)",
    "SELECT set_config('search_path', 'tb', false)",
    "UPDATE pg_settings SET setting = 'tb_app' WHERE name = 'role'",
    "SELECT query_to_xml('SET ROLE tb_app', true, true, '')",
    "DO $$ BEGIN SET ROLE tb_app; END $$",
    "DO $$ BEGIN PERFORM set_config('role', 'tb_app', false); END $$",
    "CREATE FUNCTION step() RETURNS void LANGUAGE sql AS 'SET ROLE tb_app'",
    "GRANT tb_app TO ta_app",
    "ALTER ROLE ta_app SUPERUSER",
]


@pytest.fixture
def secret(tenant_b: Place) -> Iterator[Group]:
    with plane(tenant_b):
        group = Group.objects.create(name=SECRET)
    yield group
    with plane(tenant_b):
        assert list(Group.objects.values_list("name", flat=True)) == [SECRET]


def run(statement: str, parameters: Any = None) -> Any:
    with planes.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("statement", BY_NAME + BY_ROLE)
def test_raw_sql_is_refused_by_the_database(
    statement: str, secret: Group, tenant_a: Place
) -> None:
    with plane(tenant_a), pytest.raises(DatabaseError), atomic():
        run(statement)


def test_the_orm_sees_its_own_plane_only(secret: Group, tenant_a: Place) -> None:
    with plane(tenant_a):
        assert not Group.objects.filter(name=SECRET).exists()
        assert not Group.objects.filter(pk=secret.pk).exists()
        assert not Group.objects.filter(pk=secret.pk).update(name="x")
        assert not Group.objects.filter(pk=secret.pk).delete()[0]
        same = Group.objects.filter(name=SECRET, pk=OuterRef("pk"))
        assert not Permission.objects.filter(Exists(same)).exists()
        assert not Group.objects.raw("SELECT * FROM auth_group")[:]


def test_a_queryset_made_elsewhere_reads_where_it_is_used(
    secret: Group, tenant_a: Place, tenant_b: Place
) -> None:
    with plane(tenant_b):
        lazy = Group.objects.filter(name=SECRET)
    with plane(tenant_a):
        assert list(lazy) == []


def test_a_queryset_can_not_name_another_place(
    secret: Group, tenant_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = {**connections.databases["default"]}
    monkeypatch.setitem(connections.databases, "elsewhere", alias)
    with (
        plane(Place("elsewhere", "ta")),
        pytest.raises(DatabaseError),
        transaction.atomic(),
    ):
        Group.objects.using("default").count()


def test_a_row_carried_from_b_leads_back_to_nothing(
    secret: Group, tenant_a: Place
) -> None:
    with plane(tenant_a):
        with pytest.raises(Group.DoesNotExist):
            secret.refresh_from_db()
        assert not secret.permissions.exists()
        with pytest.raises(DatabaseError, match="did not affect any rows"), atomic():
            secret.save(force_update=True)


def test_a_row_of_another_database_is_refused_by_the_router(
    secret: Group, tenant_a: Place
) -> None:
    secret._state.db = "bridge_of_b"
    with plane(tenant_a):
        with pytest.raises(WrongPlane):
            secret.save()
        with pytest.raises(WrongPlane):
            secret.permissions.count()


def test_a_connection_left_by_b_serves_a_as_a(
    secret: Group, tenant_a: Place, tenant_b: Place
) -> None:
    with plane(tenant_b):
        run("SELECT 1")
        raw = connections["default"].connection
    with plane(tenant_a):
        assert run("SELECT current_user::text") == [("ta_app",)]
        assert connections["default"].connection is raw
        assert not Group.objects.exists()


def test_a_connection_on_which_b_played_tricks_serves_a_as_a(
    secret: Group, tenant_a: Place, tenant_b: Place
) -> None:
    with plane(tenant_b):
        run("SET ROLE paybill_control_app")
        run("SET search_path = public")
    with plane(tenant_a):
        assert run("SELECT current_user::text, current_schema()::text") == [
            ("ta_app", "ta")
        ]


def test_a_second_statement_after_a_parameter_is_refused(
    secret: Group, tenant_a: Place
) -> None:
    """Server-side binding: the shape in which an injection would arrive."""
    stacked = "SELECT name FROM auth_group WHERE id = %s; SET ROLE tb_app"
    with plane(tenant_a), pytest.raises(ProgrammingError, match="multiple"), atomic():
        run(stacked, [1])


def test_a_nested_plane_does_not_leak_into_the_transaction_around_it(
    secret: Group, tenant_a: Place
) -> None:
    with plane(tenant_a), atomic(), plane(tenant_a, role="agent"):
        with pytest.raises(DatabaseError, match="permission denied"), atomic():
            run("SELECT digest FROM kernel_chainhead")
        assert planes.here() == tenant_a


def test_the_control_plane_can_not_read_tenants_either(
    secret: Group, control: Place
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), atomic():
        run("SELECT name FROM tb.auth_group")


REMAINS = {
    "a statement of one's own can take another plane's role": [
        "SET ROLE tb_app",
        "SELECT name FROM tb.auth_group",
    ],
    "stacked statements without parameters do the same": [
        "SET ROLE tb_app; SELECT name FROM tb.auth_group",
    ],
}


@pytest.mark.parametrize("what", REMAINS)
def test_what_remains_possible_with_sql_of_ones_own(
    what: str, secret: Group, tenant_a: Place
) -> None:
    *before, last = REMAINS[what]
    with plane(tenant_a), planes.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        cursor.execute(last)
        while cursor.description is None:
            assert cursor.nextset()
        assert cursor.fetchall() == [(SECRET,)], what


def test_names_of_schemas_and_roles_can_be_read(tenant_a: Place, in_a: Place) -> None:
    """So they are opaque: the catalogue says how many tenants there are, not who."""
    assert ("tb",) in run("SELECT nspname::text FROM pg_namespace")
    assert ("tb_app",) in run("SELECT rolname::text FROM pg_roles")


def test_the_queries_of_other_sessions_can_not_be_read(in_a: Place) -> None:
    shown = run(
        "SELECT DISTINCT query FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND query NOT IN ('', '<insufficient privilege>')"
    )
    assert shown == []


def test_the_cache_of_another_plane_is_out_of_reach(
    tenant_a: Place, tenant_b: Place
) -> None:
    keys = set()
    for place in (tenant_a, tenant_b, CONTROL):
        with plane(place):
            keys.add(planes.cache_key("same", "prefix", 1))
    assert len(keys) == 3
