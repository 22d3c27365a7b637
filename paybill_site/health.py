"""What monitors ask: is the process alive, can it serve, how is it doing."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from django.db.models import Count, Min, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge
from prometheus_client.exposition import generate_latest
from redis.exceptions import RedisError

from paybill_site.kernel import planes
from paybill_site.kernel.errors import Unauthenticated, problem_response
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.tasks import HEARTBEAT

LATE = timedelta(minutes=5)
SILENT = 90.0  # seconds without a worker's heartbeat


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Every part that serving needs, each by name; 503 when one is missing."""
    checks: dict[str, Callable[[], None]] = {
        "database": _database,
        "redis": _redis,
        "worker": _worker,
        "outbox": _outbox,
    }
    parts = {name: _told(check) for name, check in checks.items()}
    healthy = all(told == "ok" for told in parts.values())
    body = {"status": "ok" if healthy else "unavailable", "parts": parts}
    return JsonResponse(body, status=200 if healthy else 503)


class Unwell(Exception):
    """Says what is wrong in words that are safe to show."""


def _told(check: Callable[[], None]) -> str:
    try:
        check()
    except Unwell as problem:
        return str(problem)
    except (DatabaseError, RedisError, OSError):
        return "not reachable"
    return "ok"


def _database() -> None:
    with planes.cursor() as cursor:
        cursor.execute("SELECT 1 FROM kernel_chainhead LIMIT 1")


def _redis() -> None:
    cache.get("health")


def _worker() -> None:
    beat = cache.get(HEARTBEAT)
    if beat is None or time.time() - float(beat) > SILENT:
        raise Unwell("no worker was heard of lately")


def _outbox() -> None:
    oldest = _pending().aggregate(oldest=Min("next_at"))["oldest"]
    if oldest is not None and timezone.now() - oldest > LATE:
        raise Unwell("events wait for longer than 5 minutes")


def _pending() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=DeliveryState.PENDING)


def _may_measure(request: HttpRequest) -> bool:
    token = f"Bearer {settings.PAYBILL_METRICS_TOKEN}"
    given = request.headers.get("Authorization", "")
    if settings.PAYBILL_METRICS_TOKEN:
        return constant_time_compare(given, token)
    return bool(settings.PAYBILL_EMBEDDED)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text: outbox and worker of the plane, read when asked.

    Open on this machine's own installation; elsewhere for PAYBILL_METRICS_TOKEN.
    """
    if not _may_measure(request):
        return problem_response(Unauthenticated())
    registry = CollectorRegistry()
    deliveries = Gauge(
        "paybill_deliveries", "Deliveries by state", ["state"], registry=registry
    )
    counted = Delivery.objects.exclude(state=DeliveryState.DONE).values("state")
    for row in counted.annotate(rows=Count("pk")):
        deliveries.labels(row["state"]).set(row["rows"])
    lag = Gauge("paybill_outbox_lag_seconds", "Age of the oldest", registry=registry)
    oldest = _pending().aggregate(oldest=Min("next_at"))["oldest"]
    lag.set(max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0)
    beat = Gauge("paybill_worker_heartbeat_seconds", "Age", registry=registry)
    beat.set(time.time() - float(cache.get(HEARTBEAT) or 0))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
