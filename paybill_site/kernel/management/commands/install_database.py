"""``./paybill install_database``: what a new server and database need, once."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paybill_site.kernel import roles

VARIABLE = "PAYBILL_SUPERUSER_URL"


class Command(BaseCommand):
    """Makes log-ins, roles and database with the passwords of the configured URLs."""

    help = (
        "Make roles, database and rights on a PostgreSQL server. A repeat changes "
        f"nothing. The superuser's address is read from {VARIABLE} and kept nowhere."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        superuser = os.environ.get(VARIABLE, "")
        if not superuser or not settings.PAYBILL_PROVISIONER_DSN:
            raise CommandError(f"set {VARIABLE} and PAYBILL_PROVISIONER_URL")
        known = settings.DATABASES["default"]
        provisioner = conninfo_to_dict(settings.PAYBILL_PROVISIONER_DSN)
        _check("DATABASE_URL", known["USER"], roles.APP)
        _check("PAYBILL_PROVISIONER_URL", provisioner["user"], roles.PROVISIONER)
        roles.install_server(
            superuser, str(known["PASSWORD"]), str(provisioner.get("password", ""))
        )
        roles.create_database(superuser, str(known["NAME"]))
        roles.install_database(make_conninfo(superuser, dbname=str(known["NAME"])))
        self.stdout.write(f"{known['NAME']}: roles, database and rights are in place")


def _check(name: str, user: Any, wanted: str) -> None:
    if user != wanted:
        raise CommandError(f"{name}: the log-in is called {wanted}, not {user}")
