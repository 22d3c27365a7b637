"""The parts of the embedded mode: their command lines and how they show readiness."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from paybill_site.local import keys, redis_server
from paybill_site.local.places import Places
from paybill_site.local.postgres import Server
from paybill_site.local.process import Part

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = [sys.executable, "-m"]


def listens(port: int) -> bool:
    """True when something answers on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def postgres(server: Server) -> Part:
    """A PostgreSQL server; INT is its fast shutdown, TERM waits for its clients."""
    return Part(
        name="postgres" if server.name == "main" else server.name,
        words=server.command(),
        ready=server.is_ready,
        stop_signal=signal.SIGINT,
        grace=60.0,  # it writes out what it holds, which a slow disk makes long
        service_user=True,
        needed=True,
    )


def redis(places: Places) -> Part:
    """The Redis server."""
    return Part(
        name="redis",
        words=redis_server.command(places),
        ready=lambda: redis_server.is_ready(places),
        needed=True,
    )


def mail(places: Places, listener: socket.socket) -> Part:
    """The mail catcher."""
    module = "paybill_site.local.mail_catcher"
    port = int(listener.getsockname()[1])
    return Part(
        name="mail",
        words=[*PYTHON, module, str(listener.fileno()), str(places.mail)],
        ready=lambda: listens(port),
        folder=str(ROOT),
        listeners=(listener,),
    )


def simulator(places: Places, listener: socket.socket) -> Part:
    """The simulated AWS; what it was told is kept in a journal and played again."""
    keys.read(places, "simulator")
    port = int(listener.getsockname()[1])
    given = [str(listener.fileno()), str(places.simulator)]
    return Part(
        name="aws",
        words=[
            *PYTHON,
            "paybill_site.local.simulator",
            *given,
            str(places.keys / "simulator"),
        ],
        ready=lambda: answers(port),
        folder=str(ROOT),
        listeners=(listener,),
        needed=True,
    )


def answers(port: int) -> bool:
    """True when an HTTP server answers on the port, be it with an error."""
    connection = HTTPConnection("127.0.0.1", port, timeout=0.5)
    try:
        connection.request("GET", "/health/live", headers={"Host": "localhost"})
        return connection.getresponse().status > 0
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def web(
    name: str,
    listener: socket.socket,
    environment: Mapping[str, str],
    workers: int = 2,
) -> Part:
    """gunicorn with threads; the application is loaded once, before the workers."""
    port = int(listener.getsockname()[1])
    return Part(
        name=name,
        words=[
            *PYTHON,
            "gunicorn",
            "paybill_site.wsgi:application",
            f"--bind=fd://{listener.fileno()}",
            "--worker-class=gthread",
            f"--workers={workers}",
            "--threads=8",
            "--preload",
            "--no-control-socket",
            "--graceful-timeout=5",
            "--log-level=warning",
        ],
        environment=environment,
        ready=lambda: answers(port),
        folder=str(ROOT),
        listeners=(listener,),
    )


def tenant(name: str, listener: socket.socket, environment: Mapping[str, str]) -> Part:
    """Web and worker of a tenant's own server, as they run in its container."""
    port = int(listener.getsockname()[1])
    bind = f"--bind=fd://{listener.fileno()}"
    return Part(
        name=name,
        words=[*PYTHON, "paybill_site.container", "serve", bind],
        environment=environment,
        ready=lambda: answers(port),
        grace=30.0,
        folder=str(ROOT),
        listeners=(listener,),
    )


def worker(
    name: str,
    queues: str,
    concurrency: int,
    *,
    grace: float = 15.0,
    pool: str = "prefork",
) -> Part:
    """A Celery worker of the queues that are named, with commas."""
    return Part(
        name=name,
        words=[
            *PYTHON,
            "celery",
            "--app=paybill_site.celery",
            "--quiet",
            "worker",
            f"--queues={queues}",
            f"--pool={pool}",
            f"--concurrency={concurrency}",
            f"--hostname={name}@paybill",
            "--without-gossip",
            "--without-mingle",
            "--loglevel=WARNING",
        ],
        folder=str(ROOT),
        grace=grace,
    )


def beat(places: Places) -> Part:
    """Celery's clock."""
    return Part(
        name="beat",
        words=[
            *PYTHON,
            "celery",
            "--app=paybill_site.celery",
            "--quiet",
            "beat",
            f"--schedule={places.pids / 'beat'}",
            "--pidfile=",
            "--loglevel=WARNING",
        ],
        folder=str(ROOT),
    )
