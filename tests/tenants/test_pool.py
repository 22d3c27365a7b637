"""The warm pool: always whole places, however the filler ended."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import connections

from paybill_site.kernel import schema
from paybill_site.kernel.planes import CONTROL, plane
from tenants import pool
from tenants.models import Placement
from tenants.states import PlacementState
from tests.database import WARM, provisioner

pytestmark = pytest.mark.usefixtures("committed")


def warm() -> list[Placement]:
    with plane(CONTROL):
        return list(Placement.objects.filter(state=PlacementState.WARM).order_by("id"))


def test_a_full_pool_is_left_alone() -> None:
    assert pool.fill(WARM) == 0


def test_an_empty_pool_is_filled_with_places_that_work() -> None:
    assert pool.fill(WARM + 2) == 2
    newest = warm()[-1]
    with plane(newest.place):
        Group.objects.create(name="works")


def test_a_schema_without_a_row_is_offered_instead_of_lost() -> None:
    name = schema.new_name()
    schema.build(provisioner(), name)
    assert pool.fill(WARM + 1) == 0
    assert warm()[-1].schema_name == name


def test_a_row_without_a_schema_is_never_given_to_anybody() -> None:
    lost = warm()[0]
    schema.drop(provisioner(), lost.schema_name)
    assert pool.fill(WARM) == 1
    assert lost.schema_name not in {row.schema_name for row in warm()}


def test_places_of_an_older_version_do_not_count_until_migrated() -> None:
    with plane(CONTROL):
        Placement.objects.filter(state=PlacementState.WARM).update(template="older")
        assert pool.ready() == 0
    # The schemas themselves are in the present version: the rows learn that.
    assert pool.fill(WARM) == 0
    with plane(CONTROL):
        assert pool.ready() == WARM


def test_two_fillers_do_not_make_too_many() -> None:
    made: list[int] = []

    def fill() -> None:
        made.append(pool.fill(WARM + 3))
        connections.close_all()

    threads = [threading.Thread(target=fill) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(made) == 3
    assert len(warm()) == WARM + 3


def test_only_a_retired_place_is_disposed_of() -> None:
    placement = warm()[0]
    with pytest.raises(ValueError, match="not retired"):
        pool.dispose(placement)
    placement.state = PlacementState.RETIRED
    pool.dispose(placement)
    pool.dispose(placement)
    with psycopg.connect(provisioner()) as connection:
        assert placement.schema_name not in schema.schemas(connection)
