"""One dispatch behind both edges: what REST and MCP leave on record is the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from examples.storefront.models import Order
from paybill_site.kernel.models import AuditEntry
from tests.agents.conftest import CANCEL, READ, Grant
from tests.mcp.wire import Wire

pytestmark = pytest.mark.mcp

# What is another one in every entry.
OF_THE_MOMENT = {"at", "n", "id", "request"}


def entries(since: int) -> list[dict[str, Any]]:
    rows = AuditEntry.objects.filter(id__gt=since).order_by("id")
    return [
        {k: v for k, v in _facts(row).items() if k not in OF_THE_MOMENT} for row in rows
    ]


def _facts(row: AuditEntry) -> dict[str, Any]:
    """The text of an entry begins with its number."""
    found: dict[str, Any] = json.loads(row.body.partition("\n")[2])
    return found


def newest() -> int:
    found = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first()
    return int(found or 0)


def by_rest(wire: Wire, name: str, arguments: dict[str, Any], key: str) -> None:
    Client().post(
        f"/api/agents/tools/{name}/calls",
        {"arguments": arguments},
        content_type="application/json",
        headers={
            "host": wire.host,
            "authorization": f"Bearer {wire.token}",
            **({"idempotency-key": key} if key else {}),
        },
    )


def by_mcp(wire: Wire, name: str, arguments: dict[str, Any], key: str) -> None:
    wire.call(name, **arguments, **({"idempotency_key": key} if key else {}))


@pytest.mark.parametrize(
    ("name", "key", "more"),
    [
        ("list_orders", "", {}),
        ("get_order", "", {"id": True}),
        ("get_order", "", {"id": "ord_00000000000000000000000000"}),
        ("list_products", "", {}),
        ("no_such_tool", "", {}),
        ("list_orders", "", {"limit": 0}),
        ("cancel_order", "k", {"id": True, "reason": "bored"}),
        ("cancel_order", "", {"id": True, "reason": "ordered_by_mistake"}),
    ],
)
def test_reads_and_refusals(
    name: str, key: str, more: dict[str, Any], wire: Wire, pending: Order
) -> None:
    arguments = {k: pending.public_id if v is True else v for k, v in more.items()}
    found = []
    for call in (by_rest, by_mcp):
        before = newest()
        call(wire, name, arguments, key)
        found.append(entries(before))
    assert found[0]
    assert found[0] == found[1]


def test_what_is_done(wire: Wire, orders: list[Order], grant: Grant) -> None:
    found = []
    for number, (call, order) in enumerate(((by_rest, orders[2]), (by_mcp, orders[3]))):
        grant(READ, order)
        grant(CANCEL, order)
        before = newest()
        asked = {"id": order.public_id, "reason": "ordered_by_mistake"}
        call(wire, "cancel_order", asked, f"k{number}")
        (entry,) = entries(before)
        assert entry["outcome"] == "done"
        found.append(entry)
    assert _shape(found[0]) == _shape(found[1])
    assert found[0]["actor"] == found[1]["actor"]
    assert found[0]["action"] == found[1]["action"]


def _shape(entry: Any) -> Any:
    """The names of all facts, at every depth: the values are each order's own."""
    if isinstance(entry, dict):
        return {name: _shape(value) for name, value in sorted(entry.items())}
    return type(entry).__name__
