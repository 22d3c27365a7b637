"""gunicorn on this machine, as a bench asks it over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection

from paybill_site.local import ports

WORKERS = 2


@dataclass(frozen=True)
class Web:
    """A gunicorn: where it listens, and its process."""

    port: int
    pid: int


@contextmanager
def served(module: str, environment: dict[str, str]) -> Iterator[Web]:
    """gunicorn as ``./paybill up`` starts it, on loopback."""
    port = ports.free(19000)
    words = [
        *(sys.executable, "-m", "gunicorn", f"{module}:application"),
        *(f"--bind=127.0.0.1:{port}", f"--workers={WORKERS}", "--threads=8"),
        *("--worker-class=gthread", "--preload", "--no-control-socket"),
        "--log-level=warning",
    ]
    process = subprocess.Popen(words, env={**os.environ, **environment})
    try:
        _wait(port, process)
        yield Web(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/live", headers={"Host": "localhost"})
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
            continue
        finally:
            connection.close()
        return
    raise RuntimeError("gunicorn did not answer")
