"""Two or more at the same moment, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.planes import CONTROL, Place, plane


def at_once(calls: Sequence[Callable[[], Any]], where: Place = CONTROL) -> list[Any]:
    """Run the calls in threads that start together; what each returned or refused."""
    ready = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            with plane(where):
                ready.wait(timeout=30)
                return call()
        except PaybillError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
