"""A worker that is killed where a story wants it.

    python -m tests.agents.workflows.worker POINT

It delivers what is due in the tenant's plane of the database that the environment
names. At POINT the process kills itself with -9: nothing of it runs after that.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

from tests.faults.payments import DATABASE, after, before

PERFORM = "agents.workflows.compensating"
# What is replaced, and by what: module, name, wrapper.
POINTS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "before an undo": (PERFORM, "perform", before),
    "the effect is undone, the step not marked": (PERFORM, "mark", before),
    "the step is marked, nothing is committed": (PERFORM, "mark", after),
    "between two undos": (PERFORM, "undo", after),
    "all is undone, the run not closed": ("agents.workflows.handlers", "_do", before),
    "the run is closed, the message not": ("agents.workflows.handlers", "_do", after),
}
STEPS: dict[str, tuple[str, str, Callable[..., Any]]] = {
    "the effect is there, the step not": ("agents.workflows.stepping", "plan", before),
    "the step is there, the approval not used": (
        "agents.approvals.using",
        "settle",
        before,
    ),
    "all is written, nothing committed": ("agents.approvals.using", "settle", after),
    "it is committed, the message not": ("agents.dispatch", "call", after),
}


def main() -> None:
    import django  # noqa: PLC0415 - the environment decides the settings

    django.setup()
    from django.db import connections  # noqa: PLC0415

    from paybill_site.kernel import outbox  # noqa: PLC0415
    from paybill_site.kernel.planes import plane  # noqa: PLC0415
    from tests.agents import listing  # noqa: PLC0415
    from tests.database import TENANT_A  # noqa: PLC0415

    connections["default"].settings_dict["NAME"] = os.environ[DATABASE]
    listing.register()
    if point := sys.argv[1]:
        module, name, wrap = {**POINTS, **STEPS}[point]
        place = importlib.import_module(module)
        setattr(place, name, wrap(getattr(place, name)))
    with plane(TENANT_A):
        outbox.drain()


if __name__ == "__main__":
    main()
