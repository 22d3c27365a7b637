"""``./paybill seed``: plans and the demonstration tenant; a repeat changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from paybill_site.local.seeding import seed


class Command(BaseCommand):
    """Seeds the embedded installation."""

    help = "Make the three plans and one demonstration tenant with an agent."

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = seed()
        self.stdout.write(f"{tenant.name} ({tenant.slug}) is {tenant.state}")
