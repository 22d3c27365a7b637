"""PostgreSQL and Redis alone, detached: for tests and for work on one part.

start(Places(Path("/tmp/mine")))     # returns when both answer
stop(Places(Path("/tmp/mine")))
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from paybill_site.kernel import roles
from paybill_site.local import postgres, redis_server
from paybill_site.local.environment import DATABASE
from paybill_site.local.places import Places
from paybill_site.local.process import started_at


def start(places: Places) -> None:
    """Start both unless they run, and make the log-ins and the database."""
    places.create()
    server = postgres.Server(places)
    server.initialise()
    launch_postgres(server)
    if not redis_server.is_ready(places):
        _detach(places, "redis", redis_server.command(places), {})
    prepare(server)
    redis_server.wait(places)


def launch_postgres(server: postgres.Server, tries: int = 10) -> None:
    """Start the server unless it runs, and wait for it; raises PostgresFailed.

    After a crash the orphans of the old server hold its shared memory for a moment,
    and a new one gives up at once: hence the tries.
    """
    places = server.places
    for _ in range(tries):
        if server.pid() is None:
            _detach(places, "postgres", server.command(), postgres.as_service())
        try:
            return server.wait(seconds=30 if server.pid() else 1)
        except postgres.PostgresFailed:
            if server.pid():
                raise
    raise postgres.PostgresFailed(f"see {places.logs / 'postgres.log'}")


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
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(known, [database]).fetchone():
            return
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE template0")
        connection.execute(statement.format(sql.Identifier(database)))


def _detach(
    places: Places, name: str, words: list[str], user: postgres.OtherUser
) -> None:
    # The shell starts it and ends at once, so it is nobody's child who could forget
    # to wait for it.
    with (places.logs / f"{name}.log").open("ab") as output:
        shell = subprocess.run(
            ["/bin/sh", "-c", '"$@" >&2 & echo $!', "sh", *words],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            start_new_session=True,
            cwd="/",
            text=True,
            **user,
        )
    pid = int(shell.stdout)
    # As the supervisor does, so that it finds and stops what runs detached.
    (places.pids / f"{name}.pid").write_text(f"{pid} {started_at(pid)}")


if __name__ == "__main__":
    VERBS = {"start": start, "stop": stop, "destroy": destroy}
    VERBS[sys.argv[1]](Places(Path(os.environ["PAYBILL_LOCAL"])))
