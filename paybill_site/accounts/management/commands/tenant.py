"""``./paybill tenant bootstrap|work``: a tenant on a server of its own."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from paybill_site.accounts.actions import BootstrapInput, MakeFirstOwner
from paybill_site.accounts.errors import EntryUsed
from paybill_site.kernel import actors, planes, worker
from paybill_site.kernel.actions import perform
from paybill_site.kernel.crypto import named, public_key
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.licences import InstallLicence, LicenceInput

BOOTSTRAP = actors.system("bootstrap", "accounts.bootstrap_plane", "kernel.add_licence")


class Command(BaseCommand):
    """``bootstrap``: migrate the plane, install its licence, make its owner.
    ``work``: deliver its events and forget what is old, until it is told to stop.

    The token and the licence come by environment (or the token by standard input):
    arguments are seen by everybody on the machine.
    """

    help = "Set up the plane of PAYBILL_MODE=tenant."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("verb", choices=["bootstrap", "work"])

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PAYBILL_MODE != "tenant":
            raise CommandError("This is for PAYBILL_MODE=tenant.")
        if options["verb"] == "work":
            _work()
            return
        token = os.environ.get("PAYBILL_BOOTSTRAP_TOKEN") or sys.stdin.readline()
        licence = os.environ.get("PAYBILL_LICENCE", "")
        if settings.PAYBILL_PROVISIONER_DSN:
            call_command("migrate_planes", stdout=self.stdout)
        with planes.plane(planes.single_place()):
            try:
                self._set_up(token.strip(), licence.strip())
            except PaybillError as refusal:
                raise CommandError(refusal.detail) from refusal

    def _set_up(self, token: str, licence: str) -> None:
        if licence:
            perform(InstallLicence, None, LicenceInput(token=licence), actor=BOOTSTRAP)
            self.stdout.write("licence: installed")
        self.stdout.write(f"report key: {named(public_key('audit'))}")
        try:
            data = BootstrapInput(token=token)
            owner = perform(MakeFirstOwner, None, data, actor=BOOTSTRAP).result
        except EntryUsed:
            self.stdout.write("owner: was made before")
        else:
            self.stdout.write(f"owner: {owner.public_id}")


def _work() -> None:
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    worker.work(stop)
