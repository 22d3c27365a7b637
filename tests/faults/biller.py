"""A biller that is killed where a story wants it.

    python -m tests.faults.biller MOMENT POINT

It bills everybody who is due by MOMENT in the database that the environment names. At
POINT the process kills itself with -9: nothing of it runs after that.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.faults.payments import DATABASE, after, before

# What is replaced, and by what: module, name, wrapper.
POINTS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "before anything is written": ("billing.engine.writing", "keep", before),
    "items are written, no invoice": ("billing.engine.writing", "issue", before),
    "numbers are taken": ("billing.invoicing.numbers", "take", after),
    "invoices are written": ("billing.engine.writing", "issue", after),
    "all is written but the audit": ("billing.agenda", "reschedule_all", after),
    "a batch is committed": ("billing.tasks", "perform", after),
}


def main() -> None:
    import django  # noqa: PLC0415 - the environment decides the settings

    django.setup()
    from django.db import connections  # noqa: PLC0415

    from billing import clock  # noqa: PLC0415
    from paybill_site.kernel.planes import CONTROL, plane  # noqa: PLC0415

    connections["default"].settings_dict["NAME"] = os.environ[DATABASE]
    moment, point = datetime.fromisoformat(sys.argv[1]), sys.argv[2]
    if point:
        module, name, wrap = POINTS[point]
        place = importlib.import_module(module)
        setattr(place, name, wrap(getattr(place, name)))
    from billing import tasks  # noqa: PLC0415

    with plane(CONTROL), clock.at(moment):
        tasks.bill_everybody()


if __name__ == "__main__":
    main()
