"""The first start of a tenant's own server, and every other one: repeatable.

Nobody outside reaches its private database, so the container sets itself up:
1. wait for the database;
2. roles and rights, by the database's first log-in, which no managed server makes a
   superuser; two containers at once wait for each other;
3. ``tenant bootstrap``: the plane, its licence, its owner.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping

import psycopg
from psycopg.conninfo import conninfo_to_dict

from paybill_site.kernel import roles

PATIENCE = 600.0  # seconds; a new managed database takes its time to accept log-ins
LOCK = "SELECT pg_advisory_lock(hashtext('paybill.setup'))"


class NotReady(RuntimeError):
    """The database could not be set up."""


def set_up(environment: dict[str, str]) -> None:
    """Make the server ready to serve the tenant; takes what only it needs away."""
    master = environment.pop("PAYBILL_SUPERUSER_URL")
    wait(master)
    with psycopg.connect(master, autocommit=True) as connection:
        connection.execute(LOCK)
        install(master, environment)
        done = subprocess.run(
            [sys.executable, "manage.py", "tenant", "bootstrap"],
            env=environment,
            check=False,
        )
    if done.returncode:
        raise NotReady("the tenant's plane could not be set up: see the lines above")
    for name in ("PAYBILL_BOOTSTRAP_TOKEN", "PAYBILL_LICENCE"):
        environment.pop(name)


def wait(master: str, seconds: float = PATIENCE) -> None:
    """Block until the database lets its first log-in in. Raises NotReady."""
    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(master, connect_timeout=10).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > until:
                raise NotReady(f"no database within {seconds:.0f} s") from error
            time.sleep(2)
        else:
            return


def install(master: str, environment: Mapping[str, str]) -> None:
    """Roles, log-ins and rights on the server; a repeat changes nothing."""
    app, provisioner = (
        str(conninfo_to_dict(environment[name])["password"])
        for name in ("DATABASE_URL", "PAYBILL_PROVISIONER_URL")
    )
    roles.install_server(master, app, provisioner)
    left = roles.install_database(master)
    for what in left:
        print(f"container: this server does not allow: {what}", flush=True)  # noqa: T201
