"""Web, worker and, where the stack has none, Redis of a tenant's own server.

The container's way: when one of them ends, all are stopped and the container ends, so
that whoever runs containers sees it and starts it again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType
from urllib.parse import urlsplit

GRACE = 25.0  # seconds; most services wait for 30 before they kill


def web(*extra: str, workers: int) -> list[str]:
    """The command of a web server."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "paybill_site.wsgi:application",
        "--worker-class=gthread",
        f"--workers={workers}",
        "--threads=8",
        "--preload",
        "--no-control-socket",
        "--graceful-timeout=20",
        "--log-level=warning",
        *extra,
    ]


def serve(environment: Mapping[str, str], *extra: str) -> int:
    """Run them until one ends or a signal comes; returns the exit status."""
    commands = [web(*extra, workers=1), [sys.executable, "manage.py", "tenant", "work"]]
    if urlsplit(environment["REDIS_URL"]).hostname == "127.0.0.1":
        commands.insert(0, redis(environment["REDIS_URL"]))
    stop = _Stop()
    # Sockets that this process was given are for the web server.
    children = [
        subprocess.Popen(command, env=dict(environment), close_fds=False)
        for command in commands
    ]
    while not stop.asked and all(child.poll() is None for child in children):
        time.sleep(0.2)
    status = next((c.returncode for c in children if c.returncode is not None), 0)
    _end(children[::-1])
    return 0 if stop.asked else status or 1


class _Stop:
    """Set by the first signal that asks to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        with suppress(ProcessLookupError):
            child.terminate()
    until = time.monotonic() + GRACE
    for child in children:
        try:
            child.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def redis(url: str) -> list[str]:
    """The command of a Redis for this container alone: a cache, nothing to keep."""
    from paybill_site.local.redis_server import binary  # noqa: PLC0415 - only where it runs

    port = str(urlsplit(url).port or 6379)
    keep_nothing = ["--save", "", "--appendonly", "no", "--maxmemory", "64mb"]
    bound = ["--bind", "127.0.0.1", "--port", port, "--dir", tempfile.gettempdir()]
    evict = ["--maxmemory-policy", "allkeys-lru"]
    return [os.fspath(binary()), *bound, *keep_nothing, *evict]
