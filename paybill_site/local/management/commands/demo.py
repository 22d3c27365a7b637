"""``./paybill demo``: the story without a browser, here or on a running instance."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from paybill_site.kernel import planes
from paybill_site.local.demo.browser import DemoError
from paybill_site.local.demo.people import Operator, until
from paybill_site.local.demo.story import Story
from paybill_site.local.places import Places
from paybill_site.local.supervisor import is_running
from tenants import offers
from tenants.states import Isolation

EMAIL = "demo-operator@paybill.localhost"


class Command(BaseCommand):
    """Exits with 0 when the whole story was lived through."""

    help = "Onboard customers, let agents act, suspend, restore and close."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.PAYBILL_EMBEDDED:
            raise CommandError("the demo runs on the embedded installation only")
        with _running(self.stdout.write) as base:
            story = Story(base, _operator(base), self.stdout.write)
            try:
                story.tell(with_terraform=_has_terraform(), without_aws=_no_aws())
                story.step("operator", "verifies the audit trail", _verified)
            except DemoError as error:
                raise CommandError(str(error)) from error
        total = sum(step.seconds for step in story.steps)
        self.stdout.write(
            f"\nThe demo went well: {len(story.steps)} steps, {total:.1f} s."
        )


@contextmanager
def _running(say: Any) -> Iterator[str]:
    """The base address of the instance that runs, else of one started for the demo."""
    base, places = settings.PAYBILL_BASE_URL, Places(settings.PAYBILL_LOCAL)
    # Not by asking the address: somebody else's server may answer there.
    if is_running(places):
        yield base
        return
    say("No instance runs here; starting one.")
    places.create()
    log = places.local / "demo-up.log"
    with log.open("wb") as output:
        words = [sys.executable, sys.argv[0], "up"]
        started = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: _address(log.read_text("utf-8", "replace")), "the start", 180)
        yield _address(log.read_text("utf-8", "replace")) or base
    finally:
        started.send_signal(signal.SIGINT)
        started.wait(timeout=120)


def _has_terraform() -> bool:
    with planes.plane(planes.CONTROL):
        return not offers.why_not(Isolation.SILO, "local")


def _no_aws() -> str:
    """Why nobody can be on AWS here, or nothing."""
    with planes.plane(planes.CONTROL):
        return offers.why_not(Isolation.SILO, "aws")


def _address(log: str) -> str | None:
    """What ``up`` printed behind "portal" once it was ready."""
    for line in log.splitlines():
        words = line.split()
        if words[:1] == ["portal"]:
            return words[1].rstrip("/")
    return None


def _operator(base: str) -> Operator:
    said = io.StringIO()
    call_command("operator", email=EMAIL, stdout=said)
    password = said.getvalue().split("password: ")[1].split()[0]
    return Operator(base, EMAIL, password)


def _verified() -> None:
    done = subprocess.run(
        [sys.executable, sys.argv[0], "audit_verify"],
        capture_output=True,
        text=True,
        env={**os.environ},
        check=False,
    )
    if done.returncode:
        raise DemoError(f"the audit trail is broken: {done.stderr[-600:]}")
