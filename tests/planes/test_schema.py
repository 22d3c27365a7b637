"""A tenant's schema made from compiled SQL is the one that migrations would make."""

from __future__ import annotations

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connections
from psycopg import errors

from paybill_site.kernel import migrating, roles, schema
from paybill_site.kernel.planes import Place, plane
from tests.database import provisioner
from tests.services import superuser

CATALOGUE = {
    "columns": """
        SELECT table_name, column_name, column_default, is_nullable, data_type,
               is_identity, rank() OVER (PARTITION BY table_name
                                         ORDER BY ordinal_position)
        FROM information_schema.columns WHERE table_schema = %(name)s""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = %(name)s::regnamespace""",
    "indexes": """
        SELECT tablename, indexname FROM pg_indexes WHERE schemaname = %(name)s""",
    "triggers": """
        SELECT t.tgrelid::regclass::text, t.tgname, t.tgtype FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = %(name)s::regnamespace AND NOT t.tgisinternal""",
    "owners and rights": """
        SELECT relname, relkind, pg_get_userbyid(relowner), relacl::text
        FROM pg_class WHERE relnamespace = %(name)s::regnamespace AND relkind <> 'i'""",
    "rights on columns": """
        SELECT c.relname, a.attname, a.attacl::text FROM pg_attribute a
        JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = %(name)s::regnamespace AND a.attacl IS NOT NULL""",
    "the schema": """
        SELECT pg_get_userbyid(nspowner), nspacl::text, obj_description(oid)
        FROM pg_namespace WHERE nspname = %(name)s""",
}


def catalogue(name: str, what: str) -> set[tuple[str, ...]]:
    with psycopg.connect(superuser(database())) as connection:
        rows = connection.execute(CATALOGUE[what].encode(), {"name": name}).fetchall()
    return {tuple(str(cell).replace(name, "NAME") for cell in row) for row in rows}


def database() -> str:
    return str(connections["default"].settings_dict["NAME"])


@pytest.fixture
def fresh(committed: None) -> Place:
    """A plane that was just built."""
    place = Place("default", schema.new_name(), "ten_0000000000000000000000new0")
    schema.build(provisioner(), place.schema)
    return place


@pytest.fixture
def migrated(committed: None) -> str:
    """A plane made by migrations alone."""
    name = schema.new_name()
    with migrating.as_provisioner() as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            roles.create_trio(connection, name)
            connection.execute(
                f"CREATE SCHEMA {name} AUTHORIZATION {name}_owner".encode()
            )
        migrating.migrate_tenant(Place("default", name))
    return name


def test_a_built_plane_equals_a_migrated_one(fresh: Place, migrated: str) -> None:
    for what in CATALOGUE:
        built = catalogue(fresh.schema, what)
        assert built, what
        assert built == catalogue(migrated, what), what


def test_a_built_plane_works_at_once(fresh: Place, tenant_a: Place) -> None:
    with plane(fresh):
        Group.objects.create(name="first")
        assert Group.objects.get().pk == 1
    with plane(tenant_a):
        assert not Group.objects.exists()


def test_names_are_opaque_and_never_the_same() -> None:
    names = {schema.new_name() for _ in range(100)}
    assert len(names) == 100
    assert all(len(name) == 18 and name.startswith("t_") for name in names)


def test_a_build_that_fails_leaves_nothing(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = schema.new_name()
    broken = "CREATE TABLE paybill_tpl.one (id int); SELECT 1 / 0;"
    with pytest.raises(errors.DivisionByZero):
        schema.build(provisioner(), name, source=broken)
    with psycopg.connect(provisioner()) as connection:
        assert name not in schema.schemas(connection)
        left = connection.execute(
            "SELECT count(*) FROM pg_roles WHERE rolname LIKE %s", [f"{name}%"]
        ).fetchone()
    assert left == (0,)


def test_a_name_is_used_once(fresh: Place) -> None:
    with pytest.raises(errors.DuplicateSchema):
        schema.build(provisioner(), fresh.schema)


def test_a_dropped_plane_is_gone_with_its_roles(fresh: Place) -> None:
    schema.drop(provisioner(), fresh.schema)
    schema.drop(provisioner(), fresh.schema)
    with psycopg.connect(provisioner()) as connection:
        assert fresh.schema not in schema.schemas(connection)
        found = connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", [f"{fresh.schema}_app"]
        ).fetchone()
    assert found is None


def test_without_a_template_there_is_a_plain_answer(
    committed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "version", lambda: "another")
    with pytest.raises(schema.NoTemplate, match="migrate_planes"):
        schema.build(provisioner(), schema.new_name())


def test_the_version_follows_the_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.version()
    schema.version.cache_clear()
    monkeypatch.setattr("paybill_site.kernel.grants._exposed", {"x": frozenset("y")})
    assert schema.version() != before
    schema.version.cache_clear()


def test_a_dump_program_that_is_too_old_is_not_used() -> None:
    assert migrating.pg_dump(16)
    with pytest.raises(migrating.NoDump):
        migrating.pg_dump(99)


def test_compiled_sql_holds_no_word_for_the_client() -> None:
    dumped = "\\restrict x\n--\nSET a = 1;\nCREATE SCHEMA t;\n\nSELECT 1;\n"
    assert migrating.clean(dumped) == "SELECT 1;"
