"""From activation to the first served request, beside django-tenants' own way.

1. With 1, 100 and 1,000 tenants living there: the claim alone, and the whole path
   from the committed activation to a page served by the new tenant's host.
2. A burst: 200 subscriptions activated at once on a pool of 20.
3. The refill: places per minute, and what they cost in CPU.
4. In the same run, django-tenants' create-and-migrate for the same apps.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.db import connections
from django.test import Client

from benchmarks.harness import postgres_cpu, spread, timed
from billing.actions import Subscribe
from billing.seed import seed_plans
from paybill_site.accounts.actions import SignUp
from paybill_site.kernel import actors, outbox, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import ANONYMOUS, Actor
from paybill_site.kernel.models import Delivery, DeliveryState
from tenants import pool
from tenants.actions import OpenAccount, StartTenant
from tenants.models import Account, Tenant
from tenants.states import TenantState

ROUNDS, STOCK_ROUNDS, BURST, POOL, WORKERS = 50, 8, 200, 20, 4


def run(*, quick: bool) -> dict[str, Any]:
    """All four parts; ``quick`` does fewer rounds and stops at 100 tenants."""
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    }
    sizes, rounds = ((1, 20), 10) if quick else ((1, 100, 1000), ROUNDS)
    with planes.plane(planes.CONTROL):
        seed_plans()
        shop = Shop()
        populated = {str(size): _populated(shop, size, rounds) for size in sizes}
        stock = _stock(2 if quick else STOCK_ROUNDS)
        ours = populated[str(sizes[-1])]
        return {
            "tenants": populated,
            "django_tenants_create_and_migrate_ms": stock,
            "times_faster": {
                "claim": round(stock["p50"] / ours["claim_ms"]["p50"], 1),
                # Ours with licence, audit and the first page; theirs the schema alone.
                "activation_to_served": round(
                    stock["p50"] / ours["activation_to_served_ms"]["p50"], 1
                ),
            },
            "burst": _burst(shop, 40 if quick else BURST),
            "refill": _refill(10 if quick else 50),
        }


class Shop:
    """One customer who keeps opening tenants."""

    def __init__(self) -> None:
        somebody = {"email": "bench@example.com", "name": "Bench"}
        self.user = perform(SignUp, None, somebody, actor=ANONYMOUS).result
        named = {"name": "Bench"}
        self.account: Account = perform(
            OpenAccount, None, named, actor=self.actor()
        ).result
        self.owner = self.actor()
        self.count = 0

    def actor(self) -> Actor:
        return actors.of_user(self.user, via="bench")

    def draft(self) -> Tenant:
        self.count += 1
        named = {"name": f"T {self.count}", "slug": f"bench-tenant-{self.count}"}
        tenant: Tenant = perform(
            StartTenant, self.account, named, actor=self.owner
        ).result
        return tenant

    def activate(self, tenant: Tenant) -> None:
        perform(Subscribe, tenant, {"plan": "free"}, actor=self.owner)


def _populated(shop: Shop, size: int, rounds: int) -> dict[str, Any]:
    """Figures of new tenants where ``size`` others live already."""
    _grow(shop, size)
    pool.fill(rounds)
    claims: list[float] = []
    whole, serving = [], []
    for _ in range(rounds):
        tenant = shop.draft()
        shop.activate(tenant)
        with _claims_timed(claims):
            ready = timed(outbox.drain)
        served = timed(partial(_visit, tenant.slug))
        whole.append(ready + served)
        serving.append(served)
    return {
        "claim_ms": spread(claims),
        "activation_to_served_ms": spread(whole),
        "first_request_ms": spread(serving),
    }


def _grow(shop: Shop, size: int) -> None:
    missing = size - Tenant.objects.filter(state=TenantState.LIVE).count()
    while missing > 0:
        step = min(missing, 50)
        pool.fill(step)
        for _ in range(step):
            shop.activate(shop.draft())
        while outbox.drain():
            pass
        missing -= step


def _visit(slug: str) -> None:
    host = f"{slug}.{settings.PAYBILL_TENANT_DOMAIN}"
    with planes.plane(planes.NOWHERE):
        answer = Client(headers={"host": host}).get("/")
    if answer.status_code not in {200, 302}:
        raise RuntimeError(f"{host} answered {answer.status_code}")


@contextmanager
def _claims_timed(times: list[float]) -> Iterator[None]:
    """Note how long each claim takes where the handler makes it."""

    def noted(action: Any, *args: Any, **options: Any) -> Any:
        start = time.perf_counter()
        try:
            return perform(action, *args, **options)
        finally:
            if action.__name__ == "ClaimPlacement":
                times.append((time.perf_counter() - start) * 1000)

    with patch("provisioning.handlers.perform", noted):
        yield


def _burst(shop: Shop, many: int) -> dict[str, Any]:
    """Everybody at once, by WORKERS activating and as many delivering."""
    pool.fill(POOL)
    tenants = [shop.draft() for _ in range(many)]
    began: dict[int, float] = {}
    lived: dict[int, float] = {}
    over = threading.Event()

    def activate(tenant: Tenant) -> None:
        with planes.plane(planes.CONTROL):
            shop.activate(tenant)
            began[tenant.pk] = time.perf_counter()
        connections.close_all()

    def deliver() -> None:
        with planes.plane(planes.CONTROL):
            while not over.is_set():
                if not outbox.drain(limit=1):
                    time.sleep(0.005)
        connections.close_all()

    start = time.perf_counter()
    with ThreadPoolExecutor(2 * WORKERS) as threads:
        for _ in range(WORKERS):
            threads.submit(deliver)
        for tenant in tenants:
            threads.submit(activate, tenant)
        wanted = {tenant.pk for tenant in tenants}
        while wanted - lived.keys() and time.perf_counter() - start < 600:
            _note_live(wanted, lived)
            time.sleep(0.01)
        over.set()
    waits = [(lived[pk] - began[pk]) * 1000 for pk in lived]
    dead = Delivery.objects.filter(state=DeliveryState.DEAD).count()
    return {
        "sign_ups": many,
        "pool": POOL,
        "workers": WORKERS,
        "activation_to_live_ms": spread(waits),
        "failures": len(wanted - lived.keys()) + dead,
        "seconds": round(time.perf_counter() - start, 1),
    }


def _note_live(wanted: set[int], lived: dict[int, float]) -> None:
    live = Tenant.objects.filter(pk__in=wanted - lived.keys(), state=TenantState.LIVE)
    now = time.perf_counter()
    for pk in live.values_list("pk", flat=True):
        lived[pk] = now


def _refill(many: int) -> dict[str, Any]:
    before, start = postgres_cpu(), time.perf_counter()
    own = time.process_time()
    made = pool.fill(pool.ready() + many)
    seconds = time.perf_counter() - start
    own, server = time.process_time() - own, postgres_cpu() - before
    return {
        "made": made,
        "per_minute": round(made / seconds * 60),
        "cpu_ms_each": round((own + server) / made * 1000, 1),
        "cpu_of_one_core": round((own + server) / seconds, 2),
    }


def _stock(rounds: int) -> dict[str, Any]:
    """The same apps by django-tenants' own TenantMixin.create_schema, elsewhere."""
    words = [sys.executable, "-m", "benchmarks.stock", str(rounds)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "benchmarks.stock_settings"}
    done = subprocess.run(
        words, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return spread(json.loads(done.stdout.splitlines()[-1]))
