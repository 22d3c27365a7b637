"""``./paybill rotate_keys``: put every sealed value under the newest data key.

1. Put the new key first in PAYBILL_DATA_KEYS, keep the old ones behind it, restart.
2. Run this: only the small wrapped keys are written anew, in batches. It can be
   stopped and started again at any time; values already done are not read.
3. When it reports nothing left, take the old keys away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import models

from paybill_site.kernel import crypto, grants, planes
from paybill_site.kernel.roles import quote

BATCH = 500

# The value is compared once more: what was written meanwhile is under the newest key.
SELECT = """
SELECT {key}, {column} FROM {table}
WHERE {column} IS NOT NULL AND substr({column}, 1, %s) <> %s AND {key} > %s
ORDER BY {key} LIMIT %s
"""
UPDATE = "UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s"


class Command(BaseCommand):
    """Wraps data keys anew; exits with 1 when values can not be opened."""

    help = "Put every encrypted value of all planes under the newest data key."

    def handle(self, *args: Any, **options: Any) -> None:
        done, broken = 0, []
        for place in planes.every_place():
            with planes.plane(place):
                for field in sealed_fields(place.schema):
                    written, unreadable = rewrap_column(field)
                    done += written
                    broken += [f"{place} {field.label} {pk}" for pk in unreadable]
        for line in broken:
            self.stderr.write(self.style.ERROR(f"{line}: no key opens this"))
        self.stdout.write(f"{done} values are now under the newest key")
        if broken:
            raise CommandError(f"{len(broken)} values need a key that is not here")


def sealed_fields(schema: str) -> Iterator[crypto.EncryptedBytes]:
    """The encrypted columns of the plane."""
    for model in grants.models_of(schema):
        for field in model._meta.local_concrete_fields:
            if isinstance(field, crypto.EncryptedBytes):
                yield field


def rewrap_column(
    field: crypto.EncryptedBytes, batch: int = BATCH
) -> tuple[int, list[int]]:
    """Wrap one column anew in the entered plane: how many, and which can not be."""
    names = _names(field.model, field)
    mark = crypto.newest_mark()
    done, unreadable, last = 0, [], 0
    while True:
        with planes.atomic(), planes.cursor() as cursor:
            wanted = [len(mark), mark, last, batch]
            cursor.execute(SELECT.format(**names), wanted)
            rows = cursor.fetchall()
            for last, value in rows:
                sealed = bytes(value)
                try:
                    fresh = crypto.rewrap(sealed)
                except crypto.Unreadable:
                    unreadable.append(last)
                    continue
                cursor.execute(UPDATE.format(**names), [fresh, last, sealed])
                done += cursor.rowcount
        if not rows:
            return done, unreadable


def _names(model: type[models.Model], field: crypto.EncryptedBytes) -> dict[str, str]:
    # Names of our own models, quoted: nothing here is input.
    return {
        "table": quote(model._meta.db_table),
        "column": quote(str(field.column)),
        "key": quote(str(model._meta.pk.column)),
    }
