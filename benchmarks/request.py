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

PAGE, WARM, BLOCKS = "/", 5, 8


def run(*, quick: bool) -> dict[str, Any]:
    """Measure the three ways in turn, block by block."""
    rounds = 10 if quick else 50
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    }
    with planes.plane(planes.CONTROL):
        seed_plans()
        first, second = _tenants()
    mine, other = Visitor(first), Visitor(second)
    plain, same, turn = Series(), Series(), Series()
    for _ in range(BLOCKS):  # in turn, so that noise meets all three
        with _without_tenancy(first):
            plain.measure([mine.again], rounds)
        same.measure([mine.visit], rounds)
        turn.measure([mine.visit, other.visit], rounds // 2)
    return {
        "page": PAGE,
        "without_tenancy": {"ms": spread(plain.times), "messages": plain.messages},
        "same_tenant": same.beside(plain),
        "two_tenants_in_turn": turn.beside(plain),
    }


class Series:
    """Times of one way of serving, and how many messages a page takes."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.messages = 0.0

    def measure(self, visits: list[Callable[[], None]], rounds: int) -> None:
        """Warm up, take times, then count messages apart from the times."""
        for visit in visits * WARM:
            visit()
        self.times += [timed(visit) for _ in range(rounds) for visit in visits]
        with counted() as sent:
            for visit in visits * 10:
                visit()
        self.messages = len(sent) / (10 * len(visits))

    def beside(self, plain: Series) -> dict[str, Any]:
        """Figures, and what they add to the plain ones (medians)."""
        figures, base = spread(self.times), spread(plain.times)["p50"]
        return {
            "ms": figures,
            "messages": self.messages,
            "added_ms": round(figures["p50"] - base, 3),
            "added_messages": round(self.messages - plain.messages, 2),
            "ratio": round(figures["p50"] / base, 3),
        }


class Visitor:
    """Somebody who is signed in at one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.place = place_of(tenant)
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


def place_of(tenant: Tenant) -> planes.Place:
    """The plane of a tenant that is live."""
    with planes.plane(planes.CONTROL):
        placement = taken(tenant)
        if placement is None:
            raise RuntimeError("the tenant has no place")
        return placement.place


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
    FixedPlane.place = place_of(tenant)
    schema = FixedPlane.place.schema
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
