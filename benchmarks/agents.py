"""Agents behind both walls: checks, pages and whole calls, beside plain frameworks.

1. A tenant with 500,000 orders and 2 million grants; three agents hold 1,000, 10,000
   and 100,000 of them, spread evenly. Behind the second wall (a transaction of the
   agents' role with its row policies) one order is looked for, and a page of 50 read.
2. The same questions by guardian's own ``get_objects_for_user``, without that wall.
3. Whole calls over HTTP - token, schema, permission, limits, audit - with 1 and 8
   clients, in turn with a viewset of Django REST framework over the same table that
   asks for no permission and records nothing.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from itertools import count
from typing import Any

from django.conf import settings
from guardian.shortcuts import get_objects_for_user

from agents import dispatch
from agents.access import walls
from agents.tools import offer, reading
from benchmarks.agents_world import READ, Helper, World
from benchmarks.harness import counted, spread, timed
from benchmarks.serving import WORKERS, Web, served
from examples.storefront.models import Order
from paybill_site.accounts.models import User
from paybill_site.kernel import planes
from paybill_site.kernel.roles import role_of
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server

SIZES = (1_000, 10_000, 100_000)
PAGE, CLIENTS = 50, (1, 8)
WRITES = count()


def run(*, quick: bool) -> dict[str, Any]:
    """All figures; ``quick`` fills a fiftieth and asks less."""
    orders, grants = (10_000, 40_000) if quick else (500_000, 2_000_000)
    sizes = tuple(size // 50 for size in SIZES) if quick else SIZES
    rounds, seconds = (20, 1.0) if quick else (200, 6.0)
    load = os.getloadavg()[0]
    start = time.perf_counter()
    world = World(orders, grants, sizes)
    filled = time.perf_counter() - start
    with planes.plane(world.place):
        inside = {str(size): _inside(world, size, rounds) for size in sizes}
    return {
        "orders": orders,
        "grants": grants,
        "filled_seconds": round(filled, 1),
        "load_before": round(load, 2),
        "by_grants": inside,
        "over_http": _over_http(world, sizes[1], seconds),
        "load_after": round(os.getloadavg()[0], 2),
    }


# --- in the process ---------------------------------------------------------------


def _inside(world: World, size: int, rounds: int) -> dict[str, Any]:
    helper = world.helpers[size]
    actor, user = helper.actor, User.objects.get(pk=helper.agent.principal_id)
    held = [world.held_by(size, world.chance.randrange(size)) for _ in range(rounds)]
    foreign = [
        world.order(world.chance.randrange(1, world.orders)) for _ in range(rounds)
    ]

    def check(public_id: str) -> bool:
        with walls.enter(actor):
            rows = Order.objects.visible_to(actor)
            return rows.filter(public_id=public_id).exists()

    def theirs(public_id: str) -> bool:
        rows = get_objects_for_user(user, READ, Order, accept_global_perms=False)
        return bool(rows.filter(public_id=public_id).exists())

    def their_page() -> int:
        rows = get_objects_for_user(user, READ, Order, accept_global_perms=False)
        return len(rows.order_by("-public_id").values_list("public_id", "state")[:PAGE])

    wrong = sum(not check(one) for one in held) + sum(
        check(one) != theirs(one) for one in foreign[:50]
    )
    pages = _pages(helper)
    figures: dict[str, Any] = {
        "check_ms": _spread_of(check, [*held, *foreign]),
        "page_ms": spread([timed(lambda: next(pages)) for _ in range(rounds)]),
        "guardian_check_ms": _spread_of(theirs, [*held[:50], *foreign[:50]]),
        "guardian_page_ms": spread([timed(their_page) for _ in range(min(rounds, 50))]),
        "wrong_answers": wrong,
    }
    for what in ("check", "page"):
        ratio = figures[f"guardian_{what}_ms"]["p50"] / figures[f"{what}_ms"]["p50"]
        figures[f"{what}_times_faster_than_guardian"] = round(ratio, 1)
    return figures


def _spread_of(ask: Callable[[str], Any], ids: list[str]) -> dict[str, float]:
    return spread([timed(lambda one=one: ask(one)) for one in ids])  # type: ignore[misc]


def _pages(helper: Helper) -> Iterator[Any]:
    """Pages as the tool answers them, one behind the other, from the start again."""
    actor = helper.actor
    tool = offer.admitted(actor, "list_orders")
    cursor = ""
    while True:
        given = json.dumps({"limit": PAGE, "cursor": cursor})
        asked = tool.arguments.model_validate_json(given, strict=True)
        result = reading.answer(tool, asked, actor)
        cursor = result["next"] or ""
        yield result


# --- over HTTP --------------------------------------------------------------------


def _over_http(world: World, size: int, seconds: float) -> dict[str, Any]:
    """In turn, so that noise meets all of them."""
    helper = world.helpers[size]
    ours, plain = "paybill_site.wsgi", "benchmarks.plain.wsgi"
    figures: dict[str, Any] = {"workers": WORKERS, "grants": size}
    with served(ours, {}) as mine, served(plain, _plain(world)) as other:
        asked = Asked(world, helper)
        figures["messages"] = _messages(world, helper)
        for clients in CLIENTS:
            rows = {
                "list": _load(mine, asked.page, clients, seconds),
                "plain_list": _load(other, asked.plain_page, clients, seconds),
                "get": _load(mine, asked.get, clients, seconds),
                "plain_get": _load(other, asked.plain_get, clients, seconds),
                "act": _load(mine, asked.cancel, clients, seconds),
                "plain_act": _load(other, asked.plain_cancel, clients, seconds),
            }
            for what in ("list", "get", "act"):
                mean, bare = rows[what]["ms"]["p50"], rows[f"plain_{what}"]["ms"]["p50"]
                rows[what]["times_plain"] = round(mean / bare, 2)
            figures[f"clients_{clients}"] = rows
    return figures


class Asked:
    """The requests of each kind: method, path, headers, body."""

    def __init__(self, world: World, helper: Helper) -> None:
        self.world, self.size = world, helper.count
        self.headers = {
            "Host": world.host,
            "Authorization": f"Bearer {helper.secret}",
            "Content-Type": "application/json",
        }

    def _call(self, tool: str, arguments: dict[str, Any], **headers: str) -> Any:
        body = json.dumps({"arguments": arguments})
        path = f"/api/agents/tools/{tool}/calls"
        return "POST", path, {**self.headers, **headers}, body

    def _some(self) -> str:
        return self.world.held_by(self.size, self.world.chance.randrange(self.size))

    def page(self) -> Any:
        return self._call("list_orders", {"limit": PAGE})

    def get(self) -> Any:
        return self._call("get_order", {"id": self._some()})

    def cancel(self) -> Any:
        number = next(WRITES)
        wanted = {"id": self.world.held_by(self.size, number), "reason": "out_of_stock"}
        return self._call("cancel_order", wanted, **{"Idempotency-Key": f"k{number}"})

    def plain_page(self) -> Any:
        return "GET", "/api/orders/", {"Host": "localhost"}, None

    def plain_get(self) -> Any:
        return "GET", f"/api/orders/{self._some()}/", {"Host": "localhost"}, None

    def plain_cancel(self) -> Any:
        headers = {"Host": "localhost", "Content-Type": "application/json"}
        body = json.dumps({"state": "cancelled"})
        # None that an agent was granted: it would find them cancelled.
        number = 2 + 5 * self.world.chance.randrange(self.world.orders // 5)
        return "PATCH", f"/api/orders/{self.world.order(number)}/", headers, body


def _load(
    web: Web, make: Callable[[], Any], clients: int, seconds: float
) -> dict[str, Any]:
    """Ask as fast as answers come, with so many clients, for so long."""
    times: list[float] = []
    _ask(web, make, [], 0.3)
    start = time.perf_counter()
    threads = [
        threading.Thread(target=_ask, args=(web, make, times, seconds))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - start
    return {"ms": spread(times), "per_second": round(len(times) / took, 1)}


def _ask(web: Web, make: Callable[[], Any], times: list[float], seconds: float) -> None:
    connection = HTTPConnection("127.0.0.1", web.port, timeout=60)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        method, path, headers, body = make()
        start = time.perf_counter()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        times.append((time.perf_counter() - start) * 1000)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}: {text[:500]!r}")
    connection.close()


def _messages(world: World, helper: Helper) -> dict[str, int]:
    """Messages to the database of one call of each kind, from the token on."""
    calls: dict[str, Any] = {
        "list": ("list_orders", {"limit": PAGE}),
        "get": ("get_order", {"id": world.held_by(helper.count, 0)}),
        "act": (
            "cancel_order",
            {"id": world.held_by(helper.count, next(WRITES)), "reason": "out_of_stock"},
        ),
    }
    found = {}
    with planes.plane(world.place):
        for what, (tool, arguments) in calls.items():
            with counted() as sent:
                key = f"m{next(WRITES)}"
                dispatch.call(helper.actor, tool, arguments, key=key)
            found[what] = len(sent)
    return found


def _plain(world: World) -> dict[str, str]:
    schema = world.place.schema
    server = Server(Places(settings.PAYBILL_LOCAL))
    return {
        "DJANGO_SETTINGS_MODULE": "benchmarks.plain.orders_settings",
        "PLAIN_DSN": server.dsn(str(settings.DATABASES["default"]["NAME"])),
        "PLAIN_OPTIONS": f"-c search_path={schema} -c role={role_of(schema, 'app')}",
    }
