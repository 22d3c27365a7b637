"""The role and the search path follow the entered plane, whatever happens between."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import InternalError, OperationalError, ProgrammingError, connections
from django.db.utils import DataError
from django.test.utils import CaptureQueriesContext

from paybill_site.kernel import planes
from paybill_site.kernel.planes import (
    CONTROL,
    NOWHERE,
    Place,
    PlaneChangeInTransaction,
    WrongPlane,
    atomic,
    plane,
)
from tenants.models import Placement
from tests.services import superuser


class Undo(Exception):
    """Ends a block with a rollback."""


def standing() -> tuple[str, str]:
    with planes.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_setting('search_path')")
        role, path = cursor.fetchone()
    return role, path.strip('"')


def in_plane(place: Place) -> bool:
    prefix = "paybill_control" if place == CONTROL else place.schema
    return standing() == (f"{prefix}_app", place.schema)


def backend() -> int:
    with planes.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_every_plane_has_its_own_rows(tenant_a: Place, tenant_b: Place) -> None:
    with plane(tenant_a):
        Group.objects.create(name="of a")
    for other in (tenant_b, CONTROL):
        with plane(other):
            assert not Group.objects.exists()
    with plane(tenant_a):
        assert Group.objects.count() == 1


def test_two_tenants_alternating_are_always_right(
    tenant_a: Place, tenant_b: Place
) -> None:
    for place in (tenant_a, tenant_b) * 5:
        with plane(place):
            assert in_plane(place)


def test_leaving_a_plane_returns_to_the_one_before(
    tenant_a: Place, tenant_b: Place
) -> None:
    with plane(tenant_a):
        with plane(tenant_b):
            assert in_plane(tenant_b)
        assert in_plane(tenant_a)
        with plane(CONTROL):
            assert in_plane(CONTROL)
        assert in_plane(tenant_a)


def test_an_exception_leaves_the_plane_too(tenant_a: Place) -> None:
    with suppress(Undo), plane(tenant_a):
        raise Undo
    assert planes.here() == NOWHERE


def test_code_that_entered_no_plane_reads_nothing(db: None) -> None:
    with pytest.raises(WrongPlane, match="nowhere"):
        Group.objects.count()
    with pytest.raises(WrongPlane, match="no plane"):
        planes.cursor()
    with pytest.raises(WrongPlane, match="no plane"), atomic():
        pass


def test_a_raw_cursor_without_a_plane_finds_no_table(committed: None) -> None:
    with connections["default"].cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute("SELECT * FROM auth_group")
    with connections["default"].cursor() as cursor, pytest.raises(ProgrammingError):
        cursor.execute("SELECT * FROM public.auth_group")


def test_a_control_plane_model_is_refused_in_a_tenant(in_a: Place) -> None:
    with pytest.raises(WrongPlane, match="Placement"):
        Placement.objects.count()


def test_a_switch_in_a_transaction_is_refused(
    tenant_a: Place, tenant_b: Place, committed: None
) -> None:
    with plane(tenant_a), atomic():
        for other in (tenant_b, CONTROL, NOWHERE):
            with pytest.raises(PlaneChangeInTransaction), plane(other):
                pass
        assert in_plane(tenant_a)


def test_the_role_survives_a_rollback(tenant_a: Place, committed: None) -> None:
    connections["default"].close()
    with plane(tenant_a):
        with suppress(Undo), atomic():
            assert in_plane(tenant_a)
            raise Undo
        assert in_plane(tenant_a)


def test_a_switch_rolled_back_with_its_transaction_is_made_again(
    tenant_a: Place, tenant_b: Place, committed: None
) -> None:
    with plane(tenant_b):
        assert in_plane(tenant_b)
    # The SET happens inside the transaction here, so the rollback takes it back.
    with plane(tenant_a):
        with suppress(Undo), atomic():
            Group.objects.create(name="undone")
            raise Undo
        assert in_plane(tenant_a)
        assert not Group.objects.exists()


def test_a_role_taken_in_a_savepoint_is_left_with_it(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a), atomic():
        with suppress(Undo), atomic(), plane(tenant_a, role="agent"):
            assert standing()[0] == "ta_agent"
            raise Undo
        assert in_plane(tenant_a)
        with plane(tenant_a, role="agent"), suppress(Undo), atomic():
            raise Undo
        assert in_plane(tenant_a)


def test_the_agent_role_is_taken_and_given_back_in_a_transaction(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a), atomic():
        Group.objects.create(name="kept")
        with plane(tenant_a, role="agent"):
            assert standing() == ("ta_agent", "ta")
        assert in_plane(tenant_a)
    with plane(tenant_a):
        assert Group.objects.filter(name="kept").exists()


def test_a_broken_transaction_says_so_until_its_rollback(
    tenant_a: Place, tenant_b: Place, committed: None
) -> None:
    with plane(tenant_a), suppress(Undo), atomic(), planes.cursor() as cursor:
        with pytest.raises(ProgrammingError):
            cursor.execute("SELECT * FROM nothing_of_this_name")
        with plane(tenant_a, role="agent"), pytest.raises(InternalError):
            standing()
        raise Undo
    with plane(tenant_b):
        assert in_plane(tenant_b)


def test_a_killed_backend_is_an_error_once_and_right_afterwards(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        pid = backend()
        with psycopg.connect(superuser(), autocommit=True) as root:
            root.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        with pytest.raises(OperationalError):
            standing()
        connections["default"].close()
        assert in_plane(tenant_a)
        assert backend() != pid


def test_a_closed_connection_comes_back_in_the_right_plane(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        assert in_plane(tenant_a)
        connections["default"].close()
        assert in_plane(tenant_a)


def test_a_server_side_cursor_keeps_its_rows_across_a_switch(
    tenant_a: Place, tenant_b: Place, committed: None
) -> None:
    with plane(tenant_a):
        Group.objects.bulk_create(Group(name=f"a{n}") for n in range(30))
        rows = Group.objects.order_by("id").iterator(chunk_size=10)
        assert next(rows).name == "a0"
    with plane(tenant_b):
        Group.objects.create(name="b")
        assert [group.name for group in Group.objects.all()] == ["b"]
    with plane(tenant_a):
        assert len(list(rows)) == 29


def test_an_unknown_tenant_fails_and_never_runs_as_the_one_before(
    tenant_b: Place, committed: None
) -> None:
    with plane(tenant_b):
        Group.objects.create(name="b")
    with plane(Place("default", "t_nobody")), pytest.raises(DataError, match="role"):
        Group.objects.count()


@pytest.mark.parametrize("name", ['x"; DROP ROLE y', "pg_catalog", "T", "a b", ""])
def test_a_name_that_is_not_ours_never_reaches_sql(name: str, committed: None) -> None:
    place = Place("default", name or "ü")
    with plane(place), pytest.raises(ValueError, match="not a name of ours"):
        planes.cursor()


def test_threads_stand_where_they_entered(
    tenant_a: Place, tenant_b: Place, committed: None
) -> None:
    wrong: list[Any] = []
    begin = threading.Barrier(4)

    def work(place: Place) -> None:
        try:
            assert planes.here() == NOWHERE
            begin.wait()
            for _ in range(50):
                with plane(place):
                    assert in_plane(place)
        except BaseException as error:  # noqa: BLE001 - shown by the main thread
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=work, args=(place,))
        for place in (tenant_a, tenant_b, tenant_a, CONTROL)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_what_sql_did_to_the_role_ends_with_the_request(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a), planes.cursor() as cursor:
        cursor.execute("SET ROLE tb_app")
    with plane(tenant_a):
        assert in_plane(tenant_a)


def test_staying_in_a_plane_costs_no_statement(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        assert in_plane(tenant_a)
        raw = connections["default"].connection
        with CaptureQueriesContext(connections["default"]) as queries:
            Group.objects.count()
            with plane(tenant_a):
                Group.objects.count()
        assert len(queries) == 2
        assert connections["default"].connection is raw


def test_a_read_only_transaction_refuses_every_write(
    tenant_a: Place, committed: None
) -> None:
    with plane(tenant_a):
        with pytest.raises(InternalError, match="read-only"), atomic(read_only=True):
            Group.objects.create(name="no")
        with atomic():
            with pytest.raises(InternalError), atomic(read_only=True):
                Group.objects.create(name="no")
            Group.objects.create(name="yes")
        assert Group.objects.get().name == "yes"


def test_a_callback_runs_after_the_commit_in_its_plane(
    tenant_a: Place, committed: None
) -> None:
    seen: list[Place] = []
    with plane(tenant_a):
        with atomic():
            planes.on_commit(lambda: seen.append(planes.here()))
            assert not seen
        assert seen == [tenant_a]


def test_a_nested_agent_role_can_not_outlive_its_block(tenant_a: Place) -> None:
    with plane(tenant_a):
        with plane(tenant_a, role="agent"):
            pass
        assert in_plane(tenant_a)
