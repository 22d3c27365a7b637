"""The numbers of permissions and how much they are granted, apart for each plane."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import BigIntegerField, Func, Q
from django.db.models.lookups import Exact

from paybill_site.kernel.planes import here

PLANES_KEPT = 500
FEW, KEPT, HOLDERS_KEPT = 4000, 60.0, 10_000


class _Table(Func):
    """Which table of permissions it is: one that is made again has another number.

    The planner knows it before the statement runs, so it costs nothing there.
    """

    template = "'auth_permission'::regclass::oid::bigint"
    output_field = BigIntegerField()


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Permissions of a plane by ``app.codename``, and of which table they are."""

    table: int
    ids: Mapping[str, int]
    until: float


_kept: OrderedDict[tuple[str, str], _Numbers] = OrderedDict()


def numbered(name: str) -> Q | None:
    """The condition that a grant is of ``app.codename``; None for no permission.

    With the number in the statement the planner knows how many grants there are of it,
    and has two tables less to join, each time. Numbers are kept for each plane, KEPT
    seconds. A plane that is dropped and made again in the same place, or restored, has
    others: so the condition holds only in the plane whose numbers they are, and until
    they are read anew nothing is granted there, rather than something else.
    """
    place = here()
    where = (place.alias, place.schema)
    numbers = _kept.get(where)
    if numbers is None or numbers.until < time.monotonic() or name not in numbers.ids:
        numbers = _kept[where] = _read()
        while len(_kept) > PLANES_KEPT:
            _kept.popitem(last=False)
    number = numbers.ids.get(name)
    if number is None:
        return None
    return Q(Exact(_Table(), numbers.table), permission=number)


def _read() -> _Numbers:
    rows = Permission.objects.annotate(table=_Table()).order_by()
    found = rows.values_list("content_type__app_label", "codename", "pk", "table")
    ids = {f"{app}.{codename}": pk for app, codename, pk, _ in found}
    table = next((row[3] for row in found), 0)
    return _Numbers(table, ids, time.monotonic() + KEPT)


_few: dict[tuple[str, str, int, str], tuple[float, bool]] = {}


def has_few(own: Any, shared: Any, principal: int, permission: str) -> bool:
    """Whether the two sets of grants on rows are at most FEW together.

    Only the form of a statement depends on it, so what was found is kept for KEPT
    seconds, however the grants change.
    """
    place = here()
    who = (place.alias, place.schema, principal, permission)
    until, few = _few.get(who, (0.0, False))
    if time.monotonic() < until:
        return few
    # Of the columns, agents' own role can read this one.
    ids = (rows.order_by().values("content_object") for rows in (own, shared))
    count: int = sum(some[: FEW + 1].count() for some in ids)
    few = count <= FEW
    if len(_few) >= HOLDERS_KEPT:
        _few.clear()
    _few[who] = (time.monotonic() + KEPT, few)
    return few
