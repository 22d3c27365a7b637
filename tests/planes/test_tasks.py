"""Tasks run in the plane they were sent from, or do not run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from celery.signals import task_postrun
from django.contrib.auth.models import Group
from django.db import connections

from paybill_site.kernel import planes
from paybill_site.kernel.planes import CONTROL, NOWHERE, Place, WrongPlane, plane
from paybill_site.kernel.planetask import PlaneTask, UnknownTenant, resolve
from tenants.models import Placement
from tenants.states import PlacementState

app: Celery[Any] = Celery(
    "planes",
    broker="memory://",
    backend="cache+memory://",
    set_as_current=False,
    fixups=[],
    task_cls=PlaneTask,
)


@app.task(bind=True, max_retries=1)
def join(self: Any, name: str, *, again: bool = False, fail: bool = False) -> list[str]:
    """Write a row where the task runs, and say where that was."""
    if again and not self.request.retries:
        raise self.retry(countdown=0)
    Group.objects.create(name=name)
    place = planes.here()
    if fail:
        raise ArithmeticError
    return [place.schema, place.tenant]


@pytest.fixture(scope="module")
def one_worker() -> Iterator[None]:
    def close(**_: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            connections.close_all()

    task_postrun.connect(close)
    with start_worker(app, pool="solo", perform_ping_check=False, loglevel="CRITICAL"):
        yield
    task_postrun.disconnect(close)


@pytest.fixture
def worker(one_worker: None, committed: None) -> None:
    """A worker thread of its own; every test begins with fresh planes."""


def names(place: Place) -> list[str]:
    with plane(place):
        return list(Group.objects.values_list("name", flat=True))


def test_a_task_runs_in_the_plane_it_was_sent_from(
    worker: None, tenant_a: Place, tenant_b: Place
) -> None:
    for place, name in ((tenant_a, "a"), (CONTROL, "c"), (tenant_b, "b")):
        with plane(place):
            sent = join.delay(name)
        assert sent.get(timeout=10) == [place.schema, place.tenant]
    assert (names(tenant_a), names(CONTROL), names(tenant_b)) == (["a"], ["c"], ["b"])


def test_a_retry_keeps_the_plane(worker: None, tenant_a: Place) -> None:
    with plane(tenant_a):
        sent = join.delay("later", again=True)
    assert sent.get(timeout=10) == ["ta", tenant_a.tenant]
    assert names(tenant_a) == ["later"]


def test_a_failure_does_not_leave_its_plane_to_the_next_task(
    worker: None, tenant_a: Place, tenant_b: Place
) -> None:
    with plane(tenant_a), pytest.raises(ArithmeticError):
        join.delay("fails", fail=True).get(timeout=10)
    with plane(tenant_b):
        assert join.delay("fine").get(timeout=10) == ["tb", tenant_b.tenant]


def test_a_tenant_that_is_gone_gets_nothing_run(worker: None, tenant_a: Place) -> None:
    with plane(CONTROL):
        moved = Placement.objects.filter(tenant__public_id=tenant_a.tenant)
        moved.update(state=PlacementState.RETIRED)
    with plane(tenant_a), pytest.raises(UnknownTenant):
        join.delay("late").get(timeout=10)
    assert names(tenant_a) == names(CONTROL) == []


def test_a_message_without_a_plane_is_refused_on_both_sides(worker: None) -> None:
    with pytest.raises(WrongPlane, match="nowhere"):
        join.delay("lost")
    with pytest.raises(UnknownTenant):
        join.apply_async(("lost",), headers={"plane": ""}).get(timeout=10)


def test_the_clock_sends_from_nowhere_with_a_name(worker: None) -> None:
    sent = join.apply_async(("tick",), headers={"plane": "control"})
    assert sent.get(timeout=10) == ["public", ""]


def test_a_plane_without_a_tenant_can_send_nothing(in_a: Place) -> None:
    with plane(Place("default", "tb")), pytest.raises(WrongPlane, match="no message"):
        join.delay("warm")


def test_a_direct_call_stays_where_it_is(in_a: Place) -> None:
    assert join("direct") == ["ta", in_a.tenant]


def test_the_message_names_the_tenant_not_its_schema(
    tenant_a: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(app, "send_task", lambda *a, **k: seen.update(k))
    monkeypatch.setattr(app, "tasks", app.tasks)
    with plane(tenant_a):
        join.apply_async(("x",), producer=None)
    assert seen["headers"]["plane"] == tenant_a.tenant


def test_a_name_is_resolved_when_the_task_runs(tenant_a: Place) -> None:
    assert resolve("control") == CONTROL
    assert resolve(tenant_a.tenant) == tenant_a
    with pytest.raises(UnknownTenant, match="ten_unknown"):
        resolve("ten_unknown")
    assert planes.here() == NOWHERE
