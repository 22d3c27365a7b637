"""How care goes through many rows: by lot, for a while, each on its own.

A row that fails stays due. If the rows had an order, those that can not be reached
would stand in front in every sweep, and the others would wait behind them for ever.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

import psycopg
from django.db.models import Model, QuerySet

from paybill_site.kernel.errors import PaybillError

log = logging.getLogger(__name__)

MOST = 500  # in one sweep: 6,000 in an hour
PATIENCE = 45.0  # seconds for one kind of care in one sweep


def by_lot[T: Model](rows: QuerySet[T]) -> QuerySet[T]:
    """As many as one sweep takes, drawn by lot."""
    return rows.order_by("?")[:MOST]


def each[T](rows: Iterable[T], step: Callable[[T], object]) -> int:
    """With how many rows a step went well; the others do not wait for one's failure."""
    done, until = 0, time.monotonic() + PATIENCE
    for row in rows:
        try:
            step(row)
            done += 1
        except (PaybillError, psycopg.Error) as error:
            log.warning("%s of %s did not go well: %s", step.__name__, row, error)
        if time.monotonic() > until:
            log.warning("%s: the rest waits for the next sweep", step.__name__)
            break
    return done
