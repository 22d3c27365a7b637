"""``manage.py run_database_job <job id>``: one job on a database, in this process."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from paybill_site.kernel.planes import CONTROL, plane
from provisioning.databases.work import work


class Command(BaseCommand):
    help = "Work on one database job. By hand only to look for a fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", help="public id of the job")

    def handle(self, *args: Any, **options: Any) -> None:
        with plane(CONTROL):
            if not work(options["job"]):
                raise CommandError("The job is another worker's, or is not waiting.")
