"""A tenant in a database of its own: the same code, another alias, another log-in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, OperationalError, connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from paybill_site.kernel import migrating, planes, roles, schema
from paybill_site.kernel.planes import (
    CONTROL,
    Place,
    PlaneChangeInTransaction,
    WrongPlane,
    atomic,
    plane,
)
from paybill_site.kernel.postgres.aliases import add_alias
from tests.database import own_name, provisioner
from tests.services import superuser

ALIAS, SECRET = "br_1", "secret"
DATABASE, LOG_IN = own_name("bridge"), own_name("log_in")
PLACE = Place(ALIAS, schema.new_name(), "ten_0000000000000000000000br1d")


@pytest.fixture
def bridge(committed: None) -> Iterator[Place]:
    """A database with a log-in of its own, and a tenant's plane in it."""
    with psycopg.connect(superuser(), autocommit=True) as root:
        root.execute(drop_database())
        roles.create_role(root, LOG_IN, "LOGIN NOINHERIT")
        roles.prepare_log_in(root, LOG_IN, SECRET)
    roles.create_database(superuser(), DATABASE)
    roles.install_database(superuser(DATABASE), LOG_IN)
    with psycopg.connect(provisioner(), autocommit=True) as home:
        source = schema.compiled(home)
    there = make_conninfo(provisioner(), dbname=DATABASE)
    schema.build(there, PLACE.schema, LOG_IN, source)
    add_alias(ALIAS, make_conninfo(there, user=LOG_IN, password=SECRET))
    yield PLACE
    connections[ALIAS].close()
    del connections[ALIAS]
    del connections.databases[ALIAS]
    with psycopg.connect(superuser(), autocommit=True) as root:
        root.execute(drop_database())
        roles.drop_trio(root, PLACE.schema)
        root.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(LOG_IN)))


def drop_database() -> sql.Composed:
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    return drop.format(sql.Identifier(DATABASE))


def test_rows_are_in_the_bridge_and_nowhere_else(bridge: Place) -> None:
    with plane(bridge):
        Group.objects.create(name="bridged")
        assert Group.objects.get()._state.db == ALIAS
        assert ContentType.objects.get_for_model(Group)._state.db == ALIAS
    with plane(CONTROL):
        assert not Group.objects.exists()


def test_atomic_and_on_commit_act_on_the_bridge(bridge: Place) -> None:
    seen: list[str] = []
    with plane(bridge):
        with atomic():
            planes.on_commit(lambda: seen.append("committed"))
            Group.objects.create(name="kept")
            assert not seen
        with suppress(ArithmeticError), atomic():
            Group.objects.create(name="undone")
            raise ArithmeticError
        assert seen == ["committed"]
        assert [group.name for group in Group.objects.all()] == ["kept"]


def test_code_that_forgets_the_alias_reads_nothing(bridge: Place) -> None:
    with plane(bridge), pytest.raises(DatabaseError):
        Group.objects.using("default").count()


def test_no_step_out_of_an_open_transaction(bridge: Place) -> None:
    with plane(bridge), atomic(), pytest.raises(PlaneChangeInTransaction):
        plane(CONTROL).__enter__()
    with plane(CONTROL), atomic(), pytest.raises(PlaneChangeInTransaction):
        plane(bridge).__enter__()


def test_a_row_is_not_carried_between_databases(bridge: Place) -> None:
    with plane(CONTROL):
        group = Group.objects.create(name="of the control plane")
    with plane(bridge), pytest.raises(WrongPlane):
        group.save()


def test_the_bridges_log_in_reaches_no_other_database(bridge: Place) -> None:
    name = connections["default"].settings_dict["NAME"]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(
            make_conninfo(provisioner(), dbname=name, user=LOG_IN, password=SECRET)
        )


def test_the_bridges_log_in_is_no_other_tenant(bridge: Place) -> None:
    """The wall that SQL of one's own does not climb: SET ROLE is refused too."""
    for role in ("ta_app", "paybill_control_app", f"{bridge.schema}_owner"):
        with plane(bridge), planes.cursor() as cursor, pytest.raises(DatabaseError):
            cursor.execute(f"SET ROLE {role}")


def test_a_changed_password_is_followed(bridge: Place) -> None:
    there = make_conninfo(provisioner(), dbname=DATABASE, user=LOG_IN)
    connections[ALIAS].close()
    add_alias(ALIAS, make_conninfo(there, password="wrong"))
    with plane(bridge), pytest.raises(OperationalError, match="password"):
        Group.objects.count()
    add_alias(ALIAS, make_conninfo(there, password=SECRET))
    with plane(bridge):
        assert Group.objects.count() == 0


def test_the_fleet_migration_reaches_a_bridge(bridge: Place) -> None:
    with migrating.as_provisioner(ALIAS) as dsn:
        assert migrating.outdated(dsn) == []
        migrating.migrate_tenant(bridge)
    with plane(bridge):
        assert Group.objects.count() == 0
