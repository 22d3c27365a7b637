"""What monitors see of a well and of an unwell installation."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.utils import timezone

from paybill_site.kernel.models import Delivery, OutboxEvent
from paybill_site.kernel.planes import CONTROL, Place, plane
from paybill_site.kernel.tasks import HEARTBEAT
from tests.cast import browser


@pytest.fixture
def worker(control: Place) -> None:
    cache.set(HEARTBEAT, time.time())


def parts(client: Client) -> dict[str, str]:
    return dict(client.get("/health/ready").json()["parts"])


def test_a_live_process_says_so(control: Place) -> None:
    assert browser().get("/health/live").json() == {"status": "ok"}


def test_ready_names_every_part(worker: None) -> None:
    answer = browser().get("/health/ready")
    assert answer.status_code == 200
    assert set(answer.json()["parts"]) == {"database", "redis", "worker", "outbox"}


def test_a_silent_worker_makes_it_unready(control: Place) -> None:
    cache.set(HEARTBEAT, time.time() - 3600)
    answer = browser().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["worker"] == "no worker was heard of lately"


def test_events_that_wait_too_long_make_it_unready(worker: None) -> None:
    event = OutboxEvent.objects.create(name="x.y", payload={}, actor="system:test")
    late = timezone.now() - timedelta(hours=1)
    Delivery.objects.create(event=event, handler="x.y", next_at=late)
    assert parts(browser())["outbox"] == "events wait for longer than 5 minutes"


def test_without_redis_it_is_unready_and_says_so(control: Place, settings: Any) -> None:
    nowhere = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": nowhere}
    answer = browser().get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["redis"] == "not reachable"
    assert answer.json()["parts"]["database"] == "ok"


def test_without_its_database_it_is_unready_and_alive(
    committed: None, worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections.close_all()
    with monkeypatch.context() as changed:
        changed.setitem(connections["default"].settings_dict, "NAME", "nowhere")
        answer = browser().get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["parts"] == {
            "database": "not reachable",
            "redis": "ok",
            "worker": "ok",
            "outbox": "not reachable",
        }
        assert browser().get("/health/live").status_code == 200
    assert browser().get("/health/ready").status_code == 200


def test_metrics_are_for_whoever_holds_their_token(worker: None, settings: Any) -> None:
    settings.PAYBILL_METRICS_TOKEN = "m" * 32
    assert browser().get("/metrics").status_code == 401
    token = {"Authorization": f"Bearer {'m' * 32}"}
    answer = browser().get("/metrics", headers=token)
    assert b"paybill_outbox_lag_seconds" in answer.content
    settings.PAYBILL_METRICS_TOKEN, settings.PAYBILL_EMBEDDED = "", False
    assert browser().get("/metrics").status_code == 401


def test_a_tenants_host_has_only_the_live_answer(control: Place) -> None:
    with plane(CONTROL):
        client = browser("ta.localhost")
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 404
    assert client.get("/metrics").status_code == 404
