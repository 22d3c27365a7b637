"""The runner's process: ``manage.py run_deployment <run id>``."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from paybill_site.kernel.planes import CONTROL, plane
from provisioning.runner.work import work
from provisioning.tasks import ANOTHERS


class Command(BaseCommand):
    help = "Work on one run. Started by a worker; by hand only to look for a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run", help="public id of the run")

    def handle(self, *args: Any, **options: Any) -> None:
        with plane(CONTROL):
            if not work(options["run"]):
                sys.exit(ANOTHERS)
