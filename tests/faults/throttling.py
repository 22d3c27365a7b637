"""A cloud on a bad day: of the requests that pass here every third is refused."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

# "Too fast", as each of AWS's protocols says it: by the type of what was asked.
JSON = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
QUERY = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>"
    b"<Message>Rate exceeded</Message></Error></ErrorResponse>"
)
REST = b"<Error><Code>SlowDown</Code><Message>Please reduce your rate</Message></Error>"
ONE_OF = 3
# Headers that the proxy sets itself.
OWN = {"content-length", "connection", "date", "server"}


class BadDay(ThreadingHTTPServer):
    """A proxy before the cloud at ``behind``, and how often it passed and refused."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Proxy)
        self.behind = urlsplit(behind).netloc
        self.turns = itertools.count(1)
        self.counted = {"passed": 0, "throttled": 0, "broken": 0}

    def next_fate(self) -> str:
        turn = next(self.turns)
        refused = "broken" if turn % (2 * ONE_OF) == 0 else "throttled"
        fate = "passed" if turn % ONE_OF else refused
        self.counted[fate] += 1
        return fate


class Proxy(BaseHTTPRequestHandler):
    """One request on its way."""

    server: BadDay

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = self.server.next_fate()
        if fate == "passed":
            self._pass_on(body)
        elif fate == "throttled":
            self._slow_down()
        else:
            self._send(500, {}, b"")

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

    def _pass_on(self, body: bytes) -> None:
        line = HTTPConnection(self.server.behind, timeout=60)
        line.request(self.command, self.path, body, dict(self.headers))
        answer = line.getresponse()
        content = answer.read()
        kept = {n: v for n, v in answer.getheaders() if n.lower() not in OWN}
        self._send(answer.status, kept, content)
        line.close()

    def _slow_down(self) -> None:
        asked = self.headers.get("Content-Type") or ""
        if "json" in asked:
            self._send(400, {"Content-Type": asked}, JSON)
        elif "urlencoded" in asked:
            self._send(400, {"Content-Type": "text/xml"}, QUERY)
        else:
            self._send(503, {"Content-Type": "application/xml"}, REST)

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the counts are asked for."""


@contextmanager
def refusing(address: str) -> Iterator[tuple[str, dict[str, int]]]:
    """Address of a proxy before ``address``, and how often it passed and refused."""
    with BadDay(address) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", server.counted
        server.shutdown()
        thread.join()
