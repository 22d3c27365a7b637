"""PostgreSQL and Redis of the tests, shared by all processes and runs that test here.

Whoever comes first starts them, whoever leaves last stops them. A lock is a file, so
the system gives back what a killed process held:

- ``services.lock`` while they are started or stopped,
- ``in-use.lock``, shared, by everybody who works with them,
- ``template.lock`` while databases are made and replaced,
- ``tpl_....lock``, shared, by everybody whose database comes from that template,
- ``test_....lock`` by the process whose database that is,
- ``machine.lock`` by the one test that uses this machine as a cloud.

Where there is room for it, the databases live in memory. A database is 2,000 files: on
a disk one is copied and dropped in two seconds, in memory in a tenth of one.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from paybill_site.local import services
from paybill_site.local.places import Places, service_user
from paybill_site.local.postgres import Server, run_as_service

IN_USE = pytest.StashKey[int]()
MEMORY, ABANDONED = Path("/dev/shm"), 3600.0  # seconds without an installation
ENOUGH = 3 * 2**30  # bytes: a run with four processes takes less than one
SETTINGS = {
    # A machine that loses power may lose these databases; nobody will miss them.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # It is memory that is spent.
    "max_wal_size": "256MB",
    # Two that wait for each other in a test fail, with the statement.
    "lock_timeout": "120s",
}


def places() -> Places:
    """Where the services of the tests live."""
    return Places(Path(settings.PAYBILL_LOCAL))


def superuser(database: str = "postgres") -> str:
    """Address of a database of the tests for the superuser."""
    return Server(places()).dsn(database)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Alone among all processes; waits for the one before."""
    held = _open(name)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def share(name: str) -> int:
    """Hold a lock together with others, until the process ends or closes it."""
    held = _open(name)
    fcntl.flock(held, fcntl.LOCK_SH)
    return held


def is_shared(name: str) -> bool:
    """True when another process, or this one, holds the lock."""
    held = _open(name)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(held)
    return False


def forget(name: str) -> None:
    """Remove a lock that nobody holds, under one that those who want it take first."""
    (places().local / name).unlink(missing_ok=True)


def _open(name: str) -> int:
    places().local.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(places().local / name, os.O_CREAT | os.O_RDWR, 0o600)


def in_memory() -> bool:
    """Whether the databases live in memory."""
    return Server(places()).data.is_symlink()


def _move_to_memory() -> None:
    """Let the server have its data in memory, unless it has or there is no room."""
    server = Server(places())
    if server.pid() is not None or (server.data.is_symlink() and server.data.exists()):
        return
    if server.data.is_symlink():  # the machine was started anew
        server.data.unlink()
    _clear_memory()
    if not _has_room():
        return
    shutil.rmtree(server.data, ignore_errors=True)
    places().create()
    server.initialise()
    user = service_user()
    folder = Path(tempfile.mkdtemp(prefix="paybill-test-", dir=MEMORY))
    os.chown(folder, user.uid, user.gid)
    moved = run_as_service(["mv", str(server.data), str(folder)])
    assert moved.returncode == 0, moved.stderr
    (folder / "of").symlink_to(places().local)
    server.data.symlink_to(folder / server.name)


def _has_room() -> bool:
    try:
        return shutil.disk_usage(MEMORY).free > ENOUGH and _unused() > ENOUGH
    except OSError:
        return False


def _unused() -> int:
    """Bytes of memory that nobody needs."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _clear_memory() -> None:
    """Give back what clones that are gone left there."""
    for folder in MEMORY.glob("paybill-test-*"):
        if time.time() - folder.stat().st_mtime > ABANDONED and not _is_used(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_used(folder: Path) -> bool:
    try:
        local = (folder / "of").resolve(strict=True)
        return Server(Places(local)).data.resolve().parent == folder
    except FileNotFoundError:
        return False


def hold(config: pytest.Config) -> None:
    """Start the services, and keep other runs from stopping them while we work."""
    with lock("services.lock"):
        _move_to_memory()
        with warnings.catch_warnings():
            # They outlive the call that starts them, on purpose.
            warnings.simplefilter("ignore", ResourceWarning)
            services.start(places())
        _configure()
        config.stash[IN_USE] = share("in-use.lock")


def _configure() -> None:
    with psycopg.connect(superuser(), autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
        connection.execute("SELECT pg_reload_conf()")


def release(config: pytest.Config) -> None:
    """Stop the services when no other process holds them."""
    held = config.stash.get(IN_USE, None)
    if held is None:
        return
    with lock("services.lock"):
        os.close(held)
        if not is_shared("in-use.lock"):
            services.stop(places())


def any_port() -> int:
    """A port that the system chose: tests in parallel do not meet on it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
