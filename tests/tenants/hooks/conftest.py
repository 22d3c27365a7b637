"""A receiver that runs on this machine, and an endpoint that leads to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from paybill_site.kernel import webhooks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.hooks import sending
from tenants.hooks.actions import AddEndpoint
from tenants.models import Account, WebhookEndpoint, WebhookMessage


@dataclass
class Receiver:
    """What somebody's server got, and how it answers the next ones."""

    port: int = 0
    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    waits: threading.Event | None = None
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.got]

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def verify(self, *secrets: str, number: int = -1) -> None:
        """Check what came as a customer would. Raises Forged."""
        headers, body = self.got[number]
        webhooks.verify(headers, body, secrets, now=datetime.now(UTC))


def handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append((names, body))
            if receiver.waits is not None:
                receiver.waits.wait(20)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the test says what it saw."""

    return Handler


@pytest.fixture
def receive() -> Iterator[Callable[[], Receiver]]:
    """``receive()`` starts another receiver."""
    servers: list[ThreadingHTTPServer] = []

    def start() -> Receiver:
        receiver = Receiver()
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(receiver))
        server.daemon_threads = True
        receiver.port = server.server_port
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return receiver

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(receive: Callable[[], Receiver]) -> Receiver:
    return receive()


type Listen = Callable[..., WebhookEndpoint]


@pytest.fixture
def listen(account: Account, owner: Actor) -> Listen:
    """``listen(receiver, "invoice.paid")`` has it told; without a type, of all."""

    def add(receiver: Receiver, *types: str) -> WebhookEndpoint:
        asked = {"url": receiver.url, "types": list(types or ["*"])}
        made: WebhookEndpoint = perform(AddEndpoint, account, asked, actor=owner).result
        return made

    return add


def send_all(limit: int = 50) -> int:
    """Make every attempt that is due now; return how many there were."""
    for count in range(limit):
        if not sending.send_next():
            return count
    return limit


def hurry() -> None:
    """Let what waits for its next attempt be due."""
    WebhookMessage.objects.filter(state="pending").update(next_at=timezone.now())
    WebhookEndpoint.objects.update(not_before=None)


def wait_until(seen: Callable[[], Any], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)
