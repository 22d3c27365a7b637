"""Customers who are charged automatically, and a Stripe on this machine."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from billing import gateways
from billing.gateways.stripe import Stripe
from tests.billing.conftest import (  # noqa: F401
    basic,
    owing,
    pro,
    subscription,
    turn,
    unpaid,
)
from tests.billing.payments.desk import HOOK_SECRET, KEY, OLD_SECRET, Server

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def stripe_server() -> Iterator[Server]:
    """Started once for all tests of a process; ends with it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.billing.payments.stripe_server"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        server = Server(f"http://127.0.0.1:{process.stdout.readline().strip()}")
        try:
            yield server
        finally:
            server.http.clear()
            process.kill()


@pytest.fixture
def stripe(
    stripe_server: Server, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Server:
    """Stripe is a way to pay here, and this machine answers for it."""
    settings.PAYBILL_STRIPE_SECRET_KEY = KEY
    settings.PAYBILL_STRIPE_WEBHOOK_SECRETS = [HOOK_SECRET, OLD_SECRET]
    settings.PAYBILL_STRIPE_API = stripe_server.address
    monkeypatch.setitem(gateways._gateways, "stripe", Stripe())
    return stripe_server


class Caught:
    """Webhooks as they came over the wire: bodies with their signatures."""

    def __init__(self) -> None:
        self.came: queue.Queue[tuple[bytes, str]] = queue.Queue()
        self.address = ""

    def wait_for(self, kind: str, about: str) -> tuple[bytes, str]:
        """The one about this object: those of the test before may come late."""
        while True:
            body, header = self.came.get(timeout=30)
            event = json.loads(body)
            if (event["type"], event["data"]["object"]["id"]) == (kind, about):
                return body, header


@pytest.fixture
def caught() -> Iterator[Caught]:
    """Somebody who listens for webhooks on this machine."""
    caught = Caught()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            caught.came.put((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        caught.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield caught
        server.shutdown()
        thread.join()
