"""`./paybill services start|stop|destroy`: PostgreSQL and Redis alone, detached."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from paybill_site.local import services
from paybill_site.local.places import Places


class Command(BaseCommand):
    help = "Start or stop the embedded PostgreSQL and Redis without the rest."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["start", "stop", "destroy"])

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(services, options["verb"])(Places(settings.PAYBILL_LOCAL))
