"""django-tenants' own way, timed: a schema created and migrated for each tenant."""

from __future__ import annotations

import json
import sys
from functools import partial

import django
import psycopg
from django.conf import settings
from django.core.management import call_command


def main(rounds: int) -> None:
    """Print the milliseconds of each round as JSON."""
    from benchmarks.harness import timed  # noqa: PLC0415 - after django.setup
    from paybill_site.local.places import Places  # noqa: PLC0415 - likewise
    from paybill_site.local.postgres import Server  # noqa: PLC0415 - likewise

    dsn = Server(Places(settings.PAYBILL_LOCAL)).dsn()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE stock")
    call_command("migrate_schemas", "--shared", verbosity=0, interactive=False)
    times = []
    for number in range(rounds):
        name = f"stock_{number}"
        with psycopg.connect(dsn.replace("dbname=postgres", "dbname=stock")) as c:
            c.execute(f"CREATE SCHEMA {name}".encode())
        times.append(
            timed(
                partial(
                    call_command,
                    "migrate_schemas",
                    tenant=True,
                    schema_name=name,
                    verbosity=0,
                    interactive=False,
                )
            )
        )
    print(json.dumps(times))


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
