"""The numbers of permissions, apart for each plane."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib.auth.models import Permission
from django.db.models import BigIntegerField, Func

from paybill_site.kernel.planes import here

PLANES_KEPT, KEPT = 500, 60.0
# Which table of permissions it is: one that is made again has another number. The
# planner knows it before a statement runs.
TABLE = "'auth_permission'::regclass::oid::bigint"


class _Table(Func):
    template = TABLE
    output_field = BigIntegerField()


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a permission, and of the table in which it is that one."""

    id: int
    table: int


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Permissions of a plane by ``app.codename``."""

    of: Mapping[str, Number]
    until: float


_kept: OrderedDict[tuple[str, str], _Numbers] = OrderedDict()


def numbered(name: str) -> Number | None:
    """The number of ``app.codename``; None for no permission.

    With the number in the statement the planner knows how many grants there are of it,
    and has two tables less to join, each time. Numbers are kept for each plane, KEPT
    seconds. A plane that is dropped and made again in the same place, or restored, has
    others: so a statement asks for the table as well, and until they are read anew
    nothing is granted there, rather than something else.
    """
    place = here()
    where = (place.alias, place.schema)
    numbers = _kept.get(where)
    if numbers is None or numbers.until < time.monotonic() or name not in numbers.of:
        numbers = _kept[where] = _read()
        while len(_kept) > PLANES_KEPT:
            _kept.popitem(last=False)
    return numbers.of.get(name)


def _read() -> _Numbers:
    rows = Permission.objects.annotate(table=_Table()).order_by()
    found = rows.values_list("content_type__app_label", "codename", "pk", "table")
    of = {f"{app}.{codename}": Number(pk, table) for app, codename, pk, table in found}
    return _Numbers(of, time.monotonic() + KEPT)
