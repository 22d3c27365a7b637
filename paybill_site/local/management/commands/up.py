"""`./paybill up`: everything on this machine, for development and evaluation."""

from __future__ import annotations

import os
import socket
import sys
import time
from io import StringIO
from textwrap import indent
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from paybill_site.kernel.errors import PaybillError
from paybill_site.local import parts, services
from paybill_site.local.control import Control
from paybill_site.local.places import Places
from paybill_site.local.ports import choose, listen
from paybill_site.local.postgres import PostgresFailed, Server
from paybill_site.local.process import Part
from paybill_site.local.supervisor import AlreadyRunning, PartFailed, Supervisor

# In this order; each is idempotent, and an app that does not ship one has none.
PREPARATIONS = ("migrate_planes", "fill_pool", "seed")


class Command(BaseCommand):
    help = (
        "Start PostgreSQL, Redis, mail catcher, web, workers and beat, and watch them."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--no-seed", action="store_true", help="no plans, no demonstration tenant"
        )

    def handle(self, *args: Any, no_seed: bool, **options: Any) -> None:
        if not settings.PAYBILL_EMBEDDED:
            raise CommandError(
                "DATABASE_URL, REDIS_URL or EMAIL_URL is set, so this is production: "
                "run gunicorn and the workers themselves (docs/deployment.md)."
            )
        started = time.monotonic()
        places = Places(settings.PAYBILL_LOCAL)
        try:
            with Supervisor(places) as supervisor:
                doors = _settle_ports(places)
                control = Control(supervisor)
                _start_everything(supervisor, control, doors, seed=not no_seed)
                if not supervisor.stopping:
                    took = time.monotonic() - started
                    self.stdout.write(_addresses(took) + _operator(places))
                supervisor.run()
                control.close()
        except (AlreadyRunning, PartFailed, PostgresFailed, PaybillError) as error:
            raise CommandError(str(error)) from error


class Doors(NamedTuple):
    """Where each listens: held from the start, so that no other installation can."""

    web: socket.socket
    mail: socket.socket
    aws: socket.socket


def _settle_ports(places: Places) -> Doors:
    ports = choose(places)
    address = f"http://localhost:{ports['web']}"
    if address != settings.PAYBILL_BASE_URL:
        # Settings were read before the ports were known; links must name the new one.
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
    held: list[socket.socket] = []
    try:
        for name in Doors._fields:
            held.append(listen(ports[name]))
    except OSError:  # taken since we looked, a moment ago
        for listener in held:
            listener.close()
        return _settle_ports(places)
    return Doors(*held)


def _start_everything(
    supervisor: Supervisor, control: Control, doors: Doors, seed: bool
) -> None:
    places, server = supervisor.places, Server(supervisor.places)
    # We hold the lock, so what runs now was started detached, for work on one part.
    services.stop(places)
    server.initialise()
    first = [
        parts.postgres(server),
        parts.redis(places),
        parts.mail(places, doors.mail),
    ]
    # Not waited for: it is ready long before a new installation needs it, and later
    # it first plays again all that it was ever told.
    supervisor.add(parts.simulator(places, doors.aws))
    _start(supervisor, first)
    if supervisor.stopping:
        return
    services.prepare(server)
    control.open()
    _prepare(supervisor, seed)
    control.restore()
    web = parts.web("web", doors.web, {})
    worker = parts.worker("worker", "default", 2)
    # A run that is applying gets time to save its state before it is killed.
    runner = parts.worker("runner", "runs,hosts", 2, grace=30.0)
    care = parts.worker("care", "care,hosts", 2)
    hooks = parts.worker("hooks", "hooks", 8, pool="threads")
    for part in (worker, runner, care, hooks, parts.beat(places)):
        supervisor.add(part)
    _start(supervisor, [web])


def _start(supervisor: Supervisor, wanted: list[Part]) -> None:
    for part in wanted:
        if not supervisor.stopping:
            supervisor.start(part)


def _prepare(supervisor: Supervisor, seed: bool) -> None:
    for name in PREPARATIONS:
        if supervisor.stopping or name not in get_commands():
            continue
        if name == "seed" and not seed:
            continue
        began = time.monotonic()
        call_command(name)
        supervisor.say("supervisor", f"{name}: {time.monotonic() - began:.1f} s")
        supervisor.turn(0)
    # This process only watches from here on.
    connections.close_all()


def _operator(places: Places) -> str:
    """Make an operator at the first start; the password is shown this once."""
    made = places.local / "operator.made"
    if made.exists():
        return "Forgot the operator's password? ./paybill operator makes a new one.\n"
    said = StringIO()
    call_command("operator", stdout=said)
    connections.close_all()
    made.touch(mode=0o600)
    return f"\nShown once, write it down:\n{indent(said.getvalue(), '  ')}"


def _addresses(took: float) -> str:
    base = settings.PAYBILL_BASE_URL
    return "\n".join(
        [
            "",
            f"Paybill is ready after {took:.1f} s, for evaluation on this machine.",
            f"  portal             {base}/",
            f"  operator admin     {base}/operators/",
            f"  API documentation  {base}/api/docs",
            f"  mails sent here    {base}/mail/",
            f"Data and keys: {settings.PAYBILL_LOCAL}. Lose the keys, lose the data.",
            "Ctrl-C stops everything.",
            "",
        ]
    )
