"""Usage: events accepted over HTTP beside plain Django REST framework, then rated.

1. gunicorn with two workers on this machine serves the API as in production. Four
   connections send batches of 1,000 with a key of the account; the bodies are made
   before. Every answer is counted: accepted is what the database has committed.
2. The same events, in turn, to a small project of Django REST framework with a
   serializer, ``bulk_create(ignore_conflicts=True)`` and one table, served alike.
3. What was accepted is rolled up, and every tenant's month is rated by a graduated
   price. The quantities are compared with what was sent.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
from django.conf import settings

from benchmarks.harness import family_cpu, postgres_cpu
from benchmarks.onboarding import Shop
from benchmarks.serving import WORKERS, Web, served
from billing.actions import CreateMeter
from billing.models import UsageEvent
from billing.rating.cards import RateCard
from billing.rating.metering import Metered
from billing.rating.periods import Period
from billing.rating.tiers import Graduated, Tier
from billing.usage import Asked, checking, quantities, rollups
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actions import perform
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from tenants.keys.actions import CreateKey

BATCH, TENANTS, CONNECTIONS = 1000, 50, 4
METERS = {
    "calls": {"aggregation": "count", "unit": "call", "units": "calls"},
    "bytes_out": {"aggregation": "sum", "value_from": "n", "unit": "byte"},
    "peak": {"aggregation": "max", "value_from": "n", "unit": "one"},
    "users": {"aggregation": "unique_count", "key_from": "user", "unit": "user"},
}
CARD = RateCard(
    Graduated((Tier(Decimal(10_000), Decimal("0.01")), Tier(None, Decimal("0.005"))))
)


def run(*, quick: bool) -> dict[str, Any]:
    """Both ways in turn, then the roll-up. ``quick`` sends less."""
    rounds, batches = (2, 5) if quick else (10, 25)
    rest = 0 if quick else 1_000_000 - rounds * batches * BATCH
    with planes.plane(planes.CONTROL):
        world = World()
        load = os.getloadavg()[0]
        with _plain() as plain_token:
            figures = _in_turn(world, plain_token, rounds, batches)
        if rest > 0:
            figures["the_rest_of_the_million"] = _rest(world, rest // BATCH)
        return {
            "load_before": round(load, 2),
            "workers": WORKERS,
            "connections": CONNECTIONS,
            "batch": BATCH,
            **figures,
            "rolled_up_and_rated": _rated(world),
            "load_after": round(os.getloadavg()[0], 2),
        }


class World:
    """An account with tenants, meters and a key, and what was sent for them."""

    def __init__(self) -> None:
        shop = Shop()
        self.tenants = [shop.draft() for _ in range(TENANTS)]
        operator = actors.system("bench", "billing.add_meter")
        for code, said in METERS.items():
            named = {"code": code, "name": code, "units": "many", **said}
            perform(CreateMeter, None, named, actor=operator)
        wanted = {"name": "bench", "scopes": ["usage:write"], "per_minute": 6000}
        key = perform(CreateKey, shop.account, wanted, actor=shop.actor()).result
        self.token = f"Bearer {key.secret}"
        self.chance = random.Random(7)  # noqa: S311 - the same events every time
        self.now = datetime.now(UTC)
        self.sent = 0
        self.calls: Counter[str] = Counter()
        self.bytes: Counter[str] = Counter()

    def body(self, *, plain: bool = False) -> bytes:
        """A batch as JSON; what is sent to the plain one is not counted."""
        return json.dumps(
            {"events": [self._event(plain) for _ in range(BATCH)]}
        ).encode()

    def _event(self, plain: bool) -> dict[str, Any]:
        self.sent += 1
        tenant = self.chance.choice(self.tenants).public_id
        meter = self.chance.choice(list(METERS))
        value = self.chance.randint(1, 5000)
        if not plain and meter == "calls":
            self.calls[tenant] += 1
        if not plain and meter == "bytes_out":
            self.bytes[tenant] += value
        at = self.now - timedelta(seconds=self.chance.randint(0, 40 * 3600))
        event = {
            "id": f"evt-{self.sent:09}",
            "source": "bench",
            "tenant": tenant,
            "meter": meter,
            "at": at.isoformat(),
            "properties": {"n": str(value), "user": f"u{value % 400}"},
        }
        return {**event, "value": str(value)} if plain else event


@dataclass
class Sent:
    """What one way of serving took."""

    events: int = 0
    seconds: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    postgres_cpu: float = 0.0
    server_cpu: float = 0.0

    @property
    def per_second(self) -> float:
        return round(self.events / self.seconds, 1)

    @property
    def per_cpu_second(self) -> float:
        return round(self.events / max(self.postgres_cpu + self.server_cpu, 0.01), 1)

    def figures(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "seconds": round(self.seconds, 2),
            "events_per_second": self.per_second,
            "postgres_cpu_seconds": round(self.postgres_cpu, 2),
            "server_cpu_seconds": round(self.server_cpu, 2),
            # What other work on the machine takes away does not count here.
            "events_per_cpu_second": self.per_cpu_second,
            **self.answers,
        }


def _in_turn(world: World, plain_token: str, rounds: int, batches: int) -> Any:
    ours, plain, again = Sent(), Sent(), Sent()
    with served("paybill_site.wsgi", {}) as mine, served(*PLAIN) as other:
        for _ in range(rounds):
            bodies = [world.body() for _ in range(batches)]
            _send(ours, mine, world.token, bodies)
            _send(again, mine, world.token, bodies[:1])
            theirs = [world.body(plain=True) for _ in range(max(1, batches // 5))]
            _send(plain, other, plain_token, theirs)
    return {
        "paybill": ours.figures(),
        "paybill_duplicates": again.figures(),
        "plain_rest_framework": plain.figures(),
        "times_faster": round(ours.per_second / plain.per_second, 2),
        "times_less_cpu": round(ours.per_cpu_second / plain.per_cpu_second, 2),
    }


def _rest(world: World, batches: int) -> dict[str, Any]:
    """Paybill alone on the machine, in portions that fit into memory."""
    sent = Sent()
    with served("paybill_site.wsgi", {}) as mine:
        while batches > 0:
            portion = min(batches, 50)
            _send(sent, mine, world.token, [world.body() for _ in range(portion)])
            batches -= portion
    return sent.figures()


def _send(into: Sent, web: Web, token: str, bodies: list[bytes]) -> None:
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        waiting.put(body)
    answers: list[dict[str, Any]] = []
    threads = [
        threading.Thread(target=_sender, args=(web.port, token, waiting, answers))
        for _ in range(CONNECTIONS)
    ]
    before, before_web = postgres_cpu(), family_cpu(web.pid)
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    into.seconds += time.perf_counter() - start
    into.postgres_cpu += postgres_cpu() - before
    into.server_cpu += family_cpu(web.pid) - before_web
    into.events += len(bodies) * BATCH
    for answer in answers:
        for name in ("accepted", "duplicates", "refused", "received"):
            if name in answer:
                into.answers[name] += answer[name]


def _sender(
    port: int, token: str, waiting: SimpleQueue[bytes], answers: list[dict[str, Any]]
) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Authorization": token,
        "Content-Type": "application/json",
        "Host": "localhost",
    }
    while True:
        try:
            body = waiting.get_nowait()
        except Empty:
            connection.close()
            return
        connection.request("POST", "/api/usage/events", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {text[:500]!r}")
        answers.append(json.loads(text))


PLAIN = (
    "benchmarks.plain.wsgi",
    {"DJANGO_SETTINGS_MODULE": "benchmarks.plain.settings"},
)


@contextmanager
def _plain() -> Iterator[str]:
    """A database of its own for the plain project; its token."""
    server = Server(Places(settings.PAYBILL_LOCAL))
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE plain")
    os.environ["PLAIN_DSN"] = server.dsn("plain")
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.plain"],
        env={**os.environ, **PLAIN[1]},
        check=True,
        capture_output=True,
        text=True,
    )
    yield f"Token {made.stdout.strip()}"


def _rated(world: World) -> dict[str, Any]:
    start = time.perf_counter()
    batches = rollups.sweep()
    rolled = time.perf_counter() - start
    month = Period(world.now - timedelta(days=3), world.now + timedelta(minutes=1))
    asked = [Asked(t.pk, code, month) for t in world.tenants for code in METERS]
    start = time.perf_counter()
    found = quantities(asked)
    asking = time.perf_counter() - start
    start = time.perf_counter()
    lines = [
        Metered(card=CARD, currency="EUR", quantity=Decimal(q.numerator)).amount
        for q in found
    ]
    rating = time.perf_counter() - start
    names = {tenant.pk: tenant.public_id for tenant in world.tenants}
    wanted = {"calls": world.calls, "bytes_out": world.bytes}
    wrong = [
        one
        for one, q in zip(asked, found, strict=True)
        if one.meter in wanted and q != wanted[one.meter][names[one.tenant]]
    ]
    return {
        "events": UsageEvent.objects.count(),
        "batches": batches,
        "roll_up_seconds": round(rolled, 2),
        "quantities": len(found),
        "quantities_seconds": round(asking, 3),
        "rating_seconds": round(rating, 4),
        "total_minor_units": sum(lines),
        "wrong_quantities": len(wrong),
        "roll_ups_that_differ_from_raw_events": len(checking.differences()),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
