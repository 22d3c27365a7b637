"""The numbers of permissions and how much they are granted, apart for each plane."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from django.contrib.auth.models import Permission

from paybill_site.kernel.planes import here

PLANES_KEPT = 500
_ids: OrderedDict[tuple[str, str], dict[str, int]] = OrderedDict()


def permission_id(name: str) -> int | None:
    """The number of ``app.codename`` in the entered plane, or None for no permission.

    Kept for each plane: migrations make permissions, and their numbers stay. With the
    number in the statement the planner knows how many grants there are of it, and has
    two tables less to join, each time.
    """
    place = here()
    where = (place.alias, place.schema)
    if name not in _ids.get(where, {}):
        found = Permission.objects.order_by().values_list(
            "content_type__app_label", "codename", "pk"
        )
        _ids[where] = {f"{app}.{codename}": pk for app, codename, pk in found}
        while len(_ids) > PLANES_KEPT:
            _ids.popitem(last=False)
    return _ids[where].get(name)


FEW, KEPT, HOLDERS_KEPT = 4000, 60.0, 10_000
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
