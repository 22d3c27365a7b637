"""One page of a tenant, with tenancy and without: time and messages added.

Without: the same page, data, session and user on Django's own PostgreSQL backend,
whose connection was opened for this one schema and role; no host is looked up, no
role and no search path are set. With: as a tenant's host is served, once always the
same tenant, once two tenants in turn (every request must change role and path).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connections, router
from django.db.backends.postgresql.base import DatabaseWrapper
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.test import Client, override_settings

from benchmarks.harness import counted, spread, timed
from benchmarks.onboarding import Shop
from billing.seed import seed_plans
from examples.storefront.seed import seed_storefront
from paybill_site.accounts.models import User
from paybill_site.accounts.sessions import cookie_name
from paybill_site.kernel import outbox, planes
from paybill_site.kernel.roles import role_of
from tenants import pool
from tenants.actions.places import taken
from tenants.models import Tenant

PAGE, WARM = "/", 20


def run(*, quick: bool) -> dict[str, Any]:
    """Alternate the three ways round by round, so that noise meets all of them."""
    rounds = 50 if quick else 400
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy"}}
    with planes.plane(planes.CONTROL):
        seed_plans()
        first, second = _tenants()
    mine, other = Visitor(first), Visitor(second)
    with _without_tenancy(first):
        plain_times, plain_sent = _measure([mine.again], rounds)
    same_times, same_sent = _measure([mine.visit], rounds)
    turn_times, turn_sent = _measure([mine.visit, other.visit], rounds)
    base = spread(plain_times)["p50"]
    return {
        "page": PAGE,
        "without_tenancy": {"ms": spread(plain_times), "messages": plain_sent},
        "same_tenant": _beside(same_times, same_sent, base, plain_sent),
        "two_tenants_in_turn": _beside(turn_times, turn_sent, base, plain_sent),
    }


def _beside(
    times: list[float], sent: float, base: float, base_sent: float
) -> dict[str, Any]:
    figures = spread(times)
    return {
        "ms": figures,
        "messages": sent,
        "added_ms": round(figures["p50"] - base, 3),
        "added_messages": round(sent - base_sent, 2),
        "ratio": round(figures["p50"] / base, 3),
    }


def _measure(
    visits: list[Callable[[], None]], rounds: int
) -> tuple[list[float], float]:
    for _ in range(WARM):
        for visit in visits:
            visit()
    times = [timed(visit) for _ in range(rounds) for visit in visits]
    with counted() as sent:
        for visit in visits * 10:
            visit()
    return times, len(sent) / (10 * len(visits))


class Visitor:
    """Somebody who is signed in at one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        placement = taken(tenant)
        if placement is None:
            raise RuntimeError("the tenant has no place")
        self.place = placement.place
        host = f"{tenant.slug}.{settings.PAYBILL_TENANT_DOMAIN}"
        self.host = host
        self.client = Client(headers={"host": host})
        self.plain: Client | None = None
        with planes.plane(self.place):
            seed_storefront()
            user = User.objects.create_superuser(f"v@{host}.example", "x" * 20)
            self.client.force_login(user)
            key = self.client.cookies.pop(settings.SESSION_COOKIE_NAME).value
            self.client.cookies[cookie_name()] = key

    def again(self) -> None:
        """Visit by a handler of its own, built from the middleware in force."""
        if self.plain is None:
            self.plain = Client(headers={"host": self.host})
            self.plain.cookies = self.client.cookies
        self.visit(self.plain)

    def visit(self, client: Client | None = None) -> None:
        answer = (client or self.client).get(PAGE)
        if answer.status_code != 200:
            raise RuntimeError(f"{PAGE} answered {answer.status_code}")


def _tenants() -> list[Tenant]:
    shop = Shop()
    pool.fill(2)
    tenants = [shop.draft(), shop.draft()]
    for tenant in tenants:
        shop.activate(tenant)
    while outbox.drain():
        pass
    return tenants


class FixedPlane:
    """In place of the host look-up: the address book is given, nothing is resolved."""

    place: planes.Place

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = "paybill_site.urls_tenant"
        token = planes._standing.set((self.place, "app"))
        try:
            return self.get_response(request)
        finally:
            planes._standing.reset(token)


@contextmanager
def _without_tenancy(tenant: Tenant) -> Iterator[None]:
    with planes.plane(planes.CONTROL):
        placement = taken(tenant)
    if placement is None:
        raise RuntimeError("the tenant has no place")
    FixedPlane.place = placement.place
    schema = placement.schema_name
    ours, routers = connections["default"], router.routers
    ours.close()
    options = f"-c search_path={schema} -c role={role_of(schema, 'app')}"
    known = {**ours.settings_dict, "ENGINE": "django.db.backends.postgresql"}
    known["OPTIONS"] = {**known["OPTIONS"], "options": options}
    connections["default"] = DatabaseWrapper(known, "default")
    router.routers = []
    chain = [
        name.replace("tenants.routing.HostMiddleware", "benchmarks.request.FixedPlane")
        for name in settings.MIDDLEWARE
    ]
    try:
        with override_settings(MIDDLEWARE=chain):
            yield
    finally:
        connections["default"].close()
        connections["default"] = ours
        router.routers = routers
