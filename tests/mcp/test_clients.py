"""The official Python clients at the real endpoint, over HTTP, with a real token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from examples.storefront.models import Order
from tests import services
from tests.agents.conftest import CANCEL, READ, Grant
from tests.mcp import suite
from tests.mcp.wire import Wire

pytestmark = [pytest.mark.mcp, pytest.mark.slow]
OLD = "mcp==1.30.0"


@pytest.fixture
def address(committed: None, tmp_path: Path) -> Iterator[str]:
    """The product itself, as it is mounted, in a process of its own."""
    with suite.server(tmp_path / "server.log", "paybill_site.urls") as found:
        yield found.replace("localhost", "127.0.0.1")


@pytest.fixture
def order(orders: list[Order], grant: Grant) -> Order:
    grant(READ, orders[2])
    grant(CANCEL, orders[2])
    return orders[2]


def trip(
    script: str, address: str, wire: Wire, order: Order, path: Path | None = None
) -> dict[str, Any]:
    """What the program found; it knows nothing but address, token and an id."""
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    words = [str(suite.HERE / script), address, wire.host, wire.token, order.public_id]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def old_client() -> Path:
    """A folder with the last 1.x; ``absent`` where no index is reachable."""
    folder = Path(settings.BASE_DIR) / ".local" / "mcp" / OLD.replace("==", "-")
    with services.lock("mcp-client.lock"):
        if not (folder / "complete").exists():
            words = ["-m", "pip", "install", "--quiet", "--target", str(folder), OLD]
            done = subprocess.run(
                [sys.executable, *words], capture_output=True, text=True, check=False
            )
            if done.returncode:
                suite.absent(f"pip could not install {OLD}: {done.stderr[-300:]}")
            (folder / "complete").touch()
    return folder


def check(found: dict[str, Any], order: Order) -> None:
    assert {"cancel_order", "get_order", "list_orders"} <= set(found["tools"])
    assert found["read"]["id"] == order.public_id
    assert found["done"]["outcome"] == "done"
    assert found["done"]["result"]["state"] == "cancelled"
    assert found["refused"][0] is True
    assert found["refused"][1]["rule"] == "idempotency_key"
    assert found["resources"] > 0
    order.refresh_from_db()
    assert order.state == "cancelled"


def test_the_current_client_discovers_reads_confirms_and_is_refused(
    address: str, wire: Wire, order: Order
) -> None:
    found = trip("client_now.py", address, wire, order)
    assert found["version"] == "2026-07-28"
    assert found["progress"] == [0, 1]
    check(found, order)


def test_the_client_of_before_initializes_reads_acts_and_is_refused(
    address: str, wire: Wire, order: Order
) -> None:
    found = trip("client_1x.py", address, wire, order, old_client())
    assert found["version"] == "2025-11-25"
    assert found["again"]["outcome"] == "repeated"
    check(found, order)
