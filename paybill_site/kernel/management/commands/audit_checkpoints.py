"""``./paybill audit_checkpoints``: signed checkpoints of all planes, to be kept."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from paybill_site.kernel import checkpoints, planes


class Command(BaseCommand):
    """Prints JSON lines, which ``audit_verify --checkpoints FILE`` reads."""

    help = "Add what is due and print every checkpoint, one JSON object in a line."

    def handle(self, *args: Any, **options: Any) -> None:
        for place in planes.every_place():
            with planes.plane(place):
                checkpoints.add_due()
                for said in checkpoints.kept():
                    self.stdout.write(json.dumps(said, sort_keys=True))
