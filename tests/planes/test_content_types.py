"""Ids of content types differ between planes, and threads share one cache."""

from __future__ import annotations

import threading

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.test.utils import CaptureQueriesContext

from paybill_site.kernel import planes
from paybill_site.kernel.contenttypes import PerPlane
from paybill_site.kernel.planes import Place, plane


@pytest.fixture
def differing(committed: None, tenant_a: Place, tenant_b: Place) -> dict[str, int]:
    """The id of the same content type in both tenants, made different."""
    ids = {}
    for place, moved in ((tenant_a, 0), (tenant_b, 1000)):
        with plane(place), planes.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(
                "DELETE FROM auth_permission WHERE content_type_id IN (SELECT id FROM"
                " django_content_type WHERE app_label = 'auth' AND model = 'group')"
            )
            cursor.execute(
                "UPDATE django_content_type SET id = id + %s WHERE app_label = 'auth'"
                " AND model = 'group' RETURNING id",
                [moved],
            )
            ids[place.schema] = cursor.fetchone()[0]
    ContentType.objects.clear_cache()
    return ids


def test_each_plane_gets_its_own_id(
    differing: dict[str, int], tenant_a: Place, tenant_b: Place
) -> None:
    assert differing["ta"] != differing["tb"]
    for place in (tenant_a, tenant_b, tenant_a):
        with plane(place):
            found = ContentType.objects.get_for_model(Group).pk
            assert found == differing[place.schema]


def test_a_thread_never_reads_what_another_tenants_thread_stored(
    differing: dict[str, int], tenant_a: Place, tenant_b: Place
) -> None:
    entered, filled = threading.Event(), threading.Event()
    found: list[int] = []

    def of_b() -> None:
        with plane(tenant_b):
            entered.set()
            filled.wait(10)
            found.append(ContentType.objects.get_for_model(Group).pk)
        connections.close_all()

    thread = threading.Thread(target=of_b)
    thread.start()
    entered.wait(10)
    with plane(tenant_a):
        ContentType.objects.get_for_model(Group)
    filled.set()
    thread.join()
    assert found == [differing["tb"]]


def test_a_known_type_costs_no_query(in_a: Place) -> None:
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_model(Group)
    with CaptureQueriesContext(connections["default"]) as queries:
        ContentType.objects.get_for_model(Group)
    assert len(queries) == 0


def test_the_oldest_plane_is_forgotten_first() -> None:
    cache = PerPlane(kept=2)
    for name in ("one", "two", "three"):
        with plane(Place("default", name)):
            cache["default"] = name
    with plane(Place("default", "one")), pytest.raises(KeyError):
        cache["default"]
    with plane(Place("default", "three")):
        assert cache["default"] == "three"
        assert list(cache) == ["default"]
        del cache["default"]
    assert len(cache) == 1
    cache.clear()
    assert not cache
