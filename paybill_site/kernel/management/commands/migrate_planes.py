"""``./paybill migrate_planes``: every plane to the newest migrations."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connections

from paybill_site.kernel import migrating
from paybill_site.kernel.planes import CONTROL, Place

# A database connection keeps some 0.7 MB for every schema that it has touched.
FRESH_CONNECTION_AFTER = 100


class Command(BaseCommand):
    """Migrate the control plane, the template for new tenants, then every tenant.

    One plane at a time, each by itself: a run that was cut off is simply repeated,
    and a tenant that fails does not hold up the others.
    """

    help = "Bring the control plane and every tenant's plane to the newest migrations."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--control-only", action="store_true", help="leave the tenants for later"
        )

    def handle(self, *args: Any, control_only: bool, **options: Any) -> None:
        failed: list[str] = []
        with migrating.as_provisioner() as dsn, migrating.alone(dsn):
            if settings.PAYBILL_MODE == "control":
                migrating.migrate(CONTROL)
                self.stdout.write("control plane: up to date")
                made = migrating.ensure_template(dsn)
                self.stdout.write(f"template: {'made' if made else 'up to date'}")
            elif migrating.ensure_plane(dsn, settings.PAYBILL_SCHEMA):
                self.stdout.write(f"{settings.PAYBILL_SCHEMA}: made")
            if not control_only:
                failed += self._tenants("default", dsn)
        if not control_only:
            for alias in (
                alias for aliases in migrating.further for alias in aliases()
            ):
                with migrating.as_provisioner(alias) as dsn, migrating.alone(dsn):
                    failed += self._tenants(alias, dsn)
        if failed:
            raise CommandError(
                f"not migrated, repeat after a repair: {', '.join(failed)}"
            )

    def _tenants(self, alias: str, dsn: str) -> list[str]:
        waiting = migrating.outdated(dsn)
        failed = []
        for number, name in enumerate(waiting, start=1):
            begun = time.monotonic()
            try:
                migrating.migrate_tenant(Place(alias, name))
                result = "done"
            except Error as error:
                failed.append(f"{alias}/{name}")
                result = f"failed: {error}"
            took = f"{time.monotonic() - begun:.1f} s"
            self.stdout.write(f"{number}/{len(waiting)} {name}: {result}, {took}")
            if number % FRESH_CONNECTION_AFTER == 0:
                connections[alias].close()
        self.stdout.write(f"tenants in {alias}: {len(waiting) - len(failed)} migrated")
        return failed
