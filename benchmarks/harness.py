"""What every bench needs: an installation of its own, percentiles, counted messages."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg
from django.db import connections

from paybill_site.kernel import migrating, planes
from paybill_site.kernel.planes import CONTROL
from paybill_site.local import services
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server


@contextmanager
def installation(folder: Path) -> Iterator[dict[str, Any]]:
    """Services, a migrated control plane, a compiled template; facts of the server."""
    places = Places(folder)
    services.start(places)
    try:
        with migrating.as_provisioner() as dsn:
            migrating.migrate(CONTROL)
            migrating.ensure_template(dsn)
        yield _facts(places)
    finally:
        connections.close_all()
        services.destroy(places)


def _facts(places: Places) -> dict[str, Any]:
    with psycopg.connect(Server(places).dsn()) as connection:
        shown = {
            name: connection.execute(f"SHOW {name}".encode()).fetchone()
            for name in ("server_version", "fsync", "synchronous_commit")
        }
    return {
        **{name: row[0] for name, row in shown.items() if row},
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "django": django.get_version(),
    }


def timed(function: Callable[[], Any]) -> float:
    """Milliseconds that a call took."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) * 1000


def spread(values: Sequence[float]) -> dict[str, float]:
    """Count, median, 99th percentile and maximum, in the unit of the values."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 2),
        "p99": round(ordered[min(last, round(last * 0.99))], 2),
        "max": round(ordered[-1], 2),
    }


@contextmanager
def counted() -> Iterator[list[str]]:
    """Every message that psycopg sends to the server inside the block."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noted(self: Any, query: Any, *args: Any, **options: Any) -> Any:
        sent.append(str(query))
        return execute(self, query, *args, **options)

    psycopg.Cursor.execute = noted  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        psycopg.Cursor.execute = execute  # type: ignore[method-assign]


def postgres_cpu() -> float:
    """Seconds of CPU that the bench's server has used, its ended backends included."""
    with planes.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    master = _parent(backend)
    children = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    alive = [pid for pid in children if _parent(pid) == master]
    ended = _ticks(master, 13, 17)
    ticks = ended + sum(_ticks(pid, 13, 15) for pid in alive)
    return ticks / os.sysconf("SC_CLK_TCK")


def family_cpu(pid: int) -> float:
    """Seconds of CPU that a process and its children have used so far."""
    running = [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit()]
    family = [pid, *(child for child in running if _parent(child) == pid)]
    ticks = sum(_ticks(member, 13, 15) for member in family)
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    name, _, rest = text.rpartition(")")
    return [str(pid), name, *rest.split()]


def _parent(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[3]) if stat else 0


def _ticks(pid: int, first: int, end: int) -> int:
    stat = _stat(pid)
    return sum(map(int, stat[first:end])) if stat else 0
