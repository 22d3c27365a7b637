"""PostgreSQL and Redis alone, detached: for tests and for work on one part.

start(Places(Path("/tmp/mine")))     # returns when both answer
stop(Places(Path("/tmp/mine")))
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql

from paybill_site.kernel import roles
from paybill_site.local import postgres, redis_server
from paybill_site.local.environment import DATABASE
from paybill_site.local.places import Places


def start(places: Places) -> None:
    """Start both unless they run, and make the log-ins and the database."""
    places.create()
    server = postgres.Server(places)
    server.initialise()
    if server.pid() is None:
        _detach(server.command(), places.logs / "postgres.log", as_service=True)
    if not redis_server.is_ready(places):
        _detach(redis_server.command(places), places.logs / "redis.log")
    server.wait()
    prepare(server)
    redis_server.wait(places)


def stop(places: Places) -> None:
    """Stop both; returns when they are gone."""
    redis_server.stop(places)
    postgres.Server(places).stop()


def destroy(places: Places) -> None:
    """Stop both and remove every file of this installation."""
    stop(places)
    for path in (places.postgres_state, places.sockets, places.postgres_sockets):
        shutil.rmtree(path, ignore_errors=True)
    shutil.rmtree(places.local, ignore_errors=True)


def prepare(server: postgres.Server, database: str = DATABASE) -> None:
    """Make roles, database and grants on a server that runs; a repeat is harmless."""
    roles.install_server(
        server.dsn(),
        server.password("paybill_app"),
        server.password("paybill_provisioner"),
    )
    create_database(server, database)
    roles.install_database(server.dsn(database))


def create_database(server: postgres.Server, database: str) -> None:
    """Make an empty database unless it exists."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        name = sql.Identifier(database)
        try:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name)
            )
        except psycopg.errors.DuplicateDatabase:
            return


def _detach(words: list[str], log: Path, as_service: bool = False) -> None:
    with log.open("ab") as output:
        _popen(words, output, as_service)


def _popen(words: list[str], output: IO[bytes], as_service: bool) -> None:
    user = postgres.as_service() if as_service else {}
    subprocess.Popen(  # type: ignore[call-overload]
        words,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
        **user,
    )
