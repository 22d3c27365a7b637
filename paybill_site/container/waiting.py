"""Who answers while a container waits for its secrets: alive, and not ready.

Whoever runs containers would end one on whose port nobody listens; IBM's apply even
waits for somebody to. 202 keeps liveness probes content, which take any 2xx, and is not
the 200 by which balancers and Paybill know a service that serves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SAID = b"waiting for what it needs to start\n"


class _Answer(BaseHTTPRequestHandler):
    timeout = 10  # seconds; nobody holds a connection open

    def do_GET(self) -> None:
        self.send_response(HTTPStatus.ACCEPTED)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(SAID)))
        self.end_headers()
        self.wfile.write(SAID)

    def log_message(self, *_: object) -> None:
        """Say nothing: probes come every few seconds."""


@contextmanager
def answered(port: int) -> Iterator[None]:
    """Answer every question with 202 while the block runs; the port is free after."""
    server = ThreadingHTTPServer(("", port), _Answer)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
