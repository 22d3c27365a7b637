"""The runner's process: ``manage.py run_deployment <run id>``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from paybill_site.kernel.planes import CONTROL, plane
from provisioning.runner.work import work


class Command(BaseCommand):
    requires_system_checks = ()  # its worker made them; here somebody waits
    help = "Work on one run. Started by a worker; by hand only to look for a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help="public id of the run")
        parser.add_argument("--reservation", default="", help="given by the worker")

    def handle(self, *args: Any, **options: Any) -> None:
        with plane(CONTROL):
            if not work(options["run"], options["reservation"]):
                raise CommandError("The run is another runner's, or is not waiting.")
