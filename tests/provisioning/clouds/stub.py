"""A cloud that answers as documented, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import KeySet

from provisioning.identity import keys


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what a stub's answer is made from."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


type Answer = tuple[int, dict[str, Any] | list[Any], dict[str, str]]
type Answers = Callable[[Asked], Answer]


@dataclass
class Stub:
    address: str
    asked: list[Asked] = field(default_factory=list)


def ok(body: dict[str, Any] | list[Any], **headers: str) -> Answer:
    return 200, body, {name.replace("_", "-"): v for name, v in headers.items()}


def refused(status: int, words: str) -> Answer:
    return status, {"error": words}, {}


@contextmanager
def cloud(answers: Answers) -> Iterator[Stub]:
    """Serve the answers on loopback while the block runs."""
    stub = Stub("")

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            stub.asked.append(asked)
            status, body, more = answers(asked)
            raw = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

        def log_message(self, *_: Any) -> None:
            """Say nothing: the test says what it saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    stub.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def claims_of(token: str, audience: str) -> dict[str, Any]:
    """A token as a cloud checks it: by the published keys, with another library."""
    keyring = KeySet.import_key_set(keys.published())  # type: ignore[arg-type]
    found = jwt.decode(token, keyring, algorithms=["RS256"]).claims
    assert found["aud"] == audience
    return found
