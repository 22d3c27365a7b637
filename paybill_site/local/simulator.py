"""The simulated AWS: moto on loopback, with a memory that outlives it.

    python -m paybill_site.local.simulator LISTENER FOLDER KEY_FILE

It takes over a socket that listens already: its number is the first argument.

moto keeps all it is told in memory. Here every request that changes something goes
into a journal and is played again at the next start: moto takes its random numbers
from one place, so each request gets a seed of its own, its number, and all ids come
out as they were. Times are those of the replay. Request bodies hold what tenants'
services are handed, so each line is encrypted; without FOLDER nothing is kept.
POST /moto-api/reset empties the simulator and its journal.
"""

from __future__ import annotations

import json
import os
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from cryptography.fernet import Fernet
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from paybill_site.local import mends

type Environ = dict[str, Any]

LOOPBACK, JOURNAL = "127.0.0.1", "aws.journal"
RESET = "/moto-api/reset"
# Names of calls that only read; AWS sends most of them by POST too.
READS = re.compile(r"(Describe|List|Get|Head|BatchGet|Lookup|Search)[A-Z]")
ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]+)")


class Journal:
    """Requests that changed something, in order; number ``n`` had the seed ``n``."""

    def __init__(self, folder: Path, key: str) -> None:
        self.path = folder / JOURNAL
        self.cipher = Fernet(key)
        self.length = 0

    def entries(self) -> Iterator[tuple[Environ, bytes]]:
        """What was noted; a last line that a crash cut short is taken away."""
        if not self.path.exists():
            return
        whole = self.path.read_bytes().rpartition(b"\n")[0]
        os.truncate(self.path, len(whole) + 1 if whole else 0)
        for line in whole.splitlines():
            noted = json.loads(self.cipher.decrypt(line))
            self.length += 1
            yield noted["environ"], b64decode(noted["body"])

    def note(self, environ: Environ, body: bytes) -> None:
        """Keep a request, on disk before its answer goes out."""
        texts = {name: it for name, it in environ.items() if isinstance(it, str)}
        noted = {"environ": texts, "body": b64encode(body).decode()}
        line = self.cipher.encrypt(json.dumps(noted).encode()) + b"\n"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "ab") as file:
            file.write(line)
        self.length += 1

    def forget(self) -> None:
        """Start from nothing."""
        self.path.unlink(missing_ok=True)
        self.length = 0


class Simulator:
    """moto as a WSGI application that takes one request at a time."""

    def __init__(self, journal: Journal | None = None) -> None:
        mends.mend()
        self.inner = DomainDispatcherApplication(create_backend_app)
        self.journal = journal
        self._one = Lock()  # whose random numbers are whose
        for number, (environ, body) in enumerate(journal.entries() if journal else ()):
            mock_random.seed(number)
            self._ask(environ, body, lambda *_: None)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        body = _body(environ)
        changes = _changes(environ, body)
        said: list[str] = []

        def hear(status: str, *more: Any) -> Any:
            said.append(status)
            return start_response(status, *more)

        with self._one:
            if changes and self.journal:
                mock_random.seed(self.journal.length)
            answer = self._ask(environ, body, hear)
            if changes and self.journal and said[0] < "4":
                self.journal.note(environ, body)
            if environ["PATH_INFO"] == RESET and self.journal:
                self.journal.forget()
        return answer

    def _ask(self, environ: Environ, body: bytes, hear: Any) -> list[bytes]:
        whole = {
            **environ,
            "wsgi.input": BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.url_scheme": "http",
            "CONTENT_LENGTH": str(len(body)),
        }
        return list(self.inner(whole, hear))


def _body(environ: Environ) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read())
    return bytes(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def _changes(environ: Environ, body: bytes) -> bool:
    """Whether a request may change something; when in doubt, it does."""
    if environ["PATH_INFO"].startswith("/moto-api/"):
        return False
    if environ["REQUEST_METHOD"] in {"GET", "HEAD", "OPTIONS"}:
        return False
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    action = ACTION.search(body)
    return not READS.match(target or (action[1].decode() if action else ""))


class Quiet(MotoRequestHandler):  # type: ignore[misc]  # publishes no types
    """Says nothing of single requests: a run makes a thousand."""

    def log_request(self, *_: Any) -> None:
        pass


def server(listener: int, journal: Journal | None = None) -> BaseWSGIServer:
    """A server at the socket of this number, which listens on loopback."""
    return make_server(
        LOOPBACK, 0, Simulator(journal), True, request_handler=Quiet, fd=listener
    )


def main(listener: str, folder: str = "", key_file: str = "") -> None:
    """Serve until the process is ended."""
    journal = Journal(Path(folder), Path(key_file).read_text()) if folder else None
    server(int(listener), journal).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
