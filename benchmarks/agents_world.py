"""A shop of many orders and grants, filled past the running code for speed alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import Permission

from agents.actions import CreateAgent, IssueToken
from agents.auth import actor_of
from agents.models import Agent, AgentToken
from benchmarks.onboarding import Shop
from benchmarks.request import place_of
from billing.seed import seed_plans
from examples.storefront.models import Customer, Order
from paybill_site.accounts.models import User
from paybill_site.kernel import actors, outbox, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.licences import sign
from paybill_site.kernel.models import Licence
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from tenants import pool

READ, CANCEL = "storefront.view_order", "storefront.cancel_order"
CUSTOMERS, OTHERS = 1000, 1900
KEEPER = actors.system("bench", "agents.add_agent", "agents.view_agent",
                       "agents.issue_token")  # fmt: skip

ORDERS = """
INSERT INTO storefront_order (public_id, number, customer_id, placed_at, {rest})
SELECT 'ord_' || lpad(to_hex(n), 26, '0'), '#' || n, c.first + n %% {customers},
    now() - n * interval '1 second', {values}
FROM generate_series(1, %(orders)s) n,
    (SELECT * FROM storefront_order LIMIT 1) t,
    (SELECT min(id) AS first FROM storefront_customer) c
"""
# Evenly over all orders, so that the newest page is no luckier than the last one.
EVENLY = """
INSERT INTO storefront_orderuserpermission (user_id, permission_id, content_object_id)
SELECT %(user)s, %(permission)s, o.first + (i * %(orders)s::bigint) / %(count)s
FROM generate_series(0, %(count)s - 1) i,
    (SELECT id AS first FROM storefront_order WHERE number = '#1') o
"""
SCATTERED = """
INSERT INTO storefront_orderuserpermission (user_id, permission_id, content_object_id)
SELECT u.first + i %% %(users)s, %(permission)s,
    o.first + (i * 7919::bigint) %% %(orders)s
FROM generate_series(1, %(count)s) i,
    (SELECT min(id) AS first FROM accounts_user WHERE email LIKE 'bench-other-%%') u,
    (SELECT id AS first FROM storefront_order WHERE number = '#1') o
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Helper:
    """An agent with so many grants to read orders, and its token."""

    count: int
    agent: Agent
    secret: str

    @property
    def actor(self) -> Actor:
        return actor_of(self.secret)[0]


class World:
    """One tenant with so many orders and grants; agents by how many they hold."""

    def __init__(self, orders: int, grants: int, sizes: tuple[int, ...]) -> None:
        self.orders, self.grants = orders, grants
        self.chance = random.Random(7)  # noqa: S311 - the same questions every time
        with planes.plane(planes.CONTROL):
            seed_plans()
            pool.fill(1)
            shop = Shop()
            tenant = shop.draft()
            shop.activate(tenant)
            while outbox.drain():
                pass
        self.place = place_of(tenant)
        self.host = f"{tenant.slug}.{settings.PAYBILL_TENANT_DOMAIN}"
        with planes.plane(self.place):
            self._license()
            self._people()
            self.helpers = {size: _helper(size) for size in sizes}
        self._fill()

    def order(self, number: int) -> str:
        """The public id of the n-th order, from 1."""
        return f"ord_{number:026x}"

    def held_by(self, size: int, nth: int) -> str:
        """The public id of the n-th order that the agent was granted."""
        return self.order(1 + (nth % size) * self.orders // size)

    def _license(self) -> None:
        """More agents than the free plan has."""
        newest = Licence.newest()
        version = newest.version + 1 if newest else 1
        terms = {"state": "active", "plan": "bench", "features": {}, "limits": {}}
        token = sign(self.place.tenant, terms, version)
        Licence.objects.create(version=version, token=token)

    def _people(self) -> None:
        others = [
            User(email=f"bench-other-{n}@example.com", name=f"Other {n}")
            for n in range(OTHERS)
        ]
        User.objects.bulk_create(others)
        rows = [
            Customer(name=f"Customer {n}", email=f"c{n}@example.com")
            for n in range(CUSTOMERS)
        ]
        Customer.objects.bulk_create(rows)
        Order.objects.create(customer=rows[0], currency="EUR", total_minor=4200)

    def _fill(self) -> None:
        given = {"id", "public_id", "number", "customer_id", "placed_at"}
        columns = [str(field.column) for field in Order._meta.concrete_fields]
        rest = [name for name in columns if name not in given]
        orders = ORDERS.format(
            rest=", ".join(rest),
            values=", ".join(f"t.{name}" for name in rest),
            customers=CUSTOMERS,
        )
        with planes.plane(self.place):
            may = {name: _permission(name) for name in (READ, CANCEL)}
        with psycopg.connect(_superuser()) as connection:
            # Checks of foreign keys, one by one, would take most of the time.
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"SET search_path = {self.place.schema}".encode())
            facts: dict[str, Any] = {"orders": self.orders}
            connection.execute(orders.encode(), facts)
            for size, helper in self.helpers.items():
                for permission in may.values():
                    facts |= {"user": helper.agent.principal_id, "count": size}
                    connection.execute(EVENLY, {**facts, "permission": permission})
            left = self.grants - 2 * sum(self.helpers)
            facts |= {"permission": may[READ], "users": OTHERS, "count": left}
            connection.execute(SCATTERED, facts)
        with psycopg.connect(_superuser(), autocommit=True) as connection:
            connection.execute(f"SET search_path = {self.place.schema}".encode())
            connection.execute("VACUUM ANALYZE")


def _helper(size: int) -> Helper:
    agent = perform(CreateAgent, None, {"name": f"Helper {size}"}, actor=KEEPER).result
    data = {"scopes": [READ, CANCEL], "days": 1}
    token = perform(IssueToken, agent, data, actor=KEEPER).result
    # What is measured is how fast it is served, not how soon it is slowed down.
    AgentToken.objects.filter(pk=token.pk).update(per_minute=10_000_000)
    return Helper(size, agent, token.secret)


def _superuser() -> str:
    name = str(settings.DATABASES["default"]["NAME"])
    return Server(Places(settings.PAYBILL_LOCAL)).dsn(name)


def _permission(name: str) -> int:
    app, _, codename = name.partition(".")
    found = Permission.objects.get(content_type__app_label=app, codename=codename)
    return int(found.pk)
