"""Wake-ups for the outbox: messages carry nothing, what is due stands in Postgres."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError
from kombu.exceptions import OperationalError

from paybill_site.kernel import checkpoints, outbox, planes, retention

log = logging.getLogger(__name__)

HEARTBEAT = "worker-heartbeat"

LEASE = timedelta(minutes=10)

TAKE = """
UPDATE paybill.due SET at = clock_timestamp() + %s
WHERE schema IN (SELECT schema FROM paybill.due WHERE at <= clock_timestamp()
                 ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING schema, at
"""


@shared_task(name="kernel.drain")
def drain() -> int:
    """Deliver what is due in the plane that the message names."""
    return outbox.drain()


def drain_soon() -> None:
    """Ask a worker to drain this plane; without a broker the sweep does it."""
    if settings.PAYBILL_MODE == "tenant":
        return  # its own worker looks by itself, see kernel.worker
    try:
        drain.delay()
    except OperationalError:
        log.warning("no broker: the sweep will find the events")


@shared_task(name="kernel.sweep")
def sweep(limit: int = 50) -> int:
    """Drain the control plane and every tenant plane of its database that has work.

    1. Take due rows by putting their time into the future (the lease).
    2. Drain those planes.
    3. Give the row back: gone when nothing waits, else the next time. A plane that
       was woken meanwhile has another time on its row, which is left alone.
    """
    cache.set(HEARTBEAT, time.time(), timeout=None)
    done = outbox.drain()
    with planes.cursor() as cursor:
        cursor.execute(TAKE, [LEASE, limit])
        taken = cursor.fetchall()
    home = planes.here()
    for schema, leased in taken:
        place = planes.place_of(schema)
        if place is None:
            log.warning("something waits in %s, where nobody lives", schema)
            continue
        try:
            with planes.plane(place):
                done += outbox.drain()
                following = outbox.next_due()
        except DatabaseError:
            # The others do not wait for one that is broken; its lease runs out.
            log.exception("the outbox of %s can not be drained", schema)
            continue
        with planes.plane(home), planes.cursor() as cursor:
            if following is None:
                cursor.execute(
                    "DELETE FROM paybill.due WHERE schema = %s AND at = %s",
                    [schema, leased],
                )
            else:
                cursor.execute(
                    "UPDATE paybill.due SET at = %s WHERE schema = %s AND at = %s",
                    [following, schema, leased],
                )
    return done


@shared_task(name="kernel.forget")
def forget() -> int:
    """Delete what was settled long ago, in every plane that this process can enter.

    The one task that visits all planes: nothing waits for it, and a plane without
    traffic still has to get rid of what it holds. On the way it signs how far the
    audit chains have come.
    """
    rows = 0
    for place in list(planes.every_place()):
        try:
            with planes.plane(place):
                rows += retention.forget()
                checkpoints.add_due()
        except DatabaseError:
            # The others do not wait for a database that is away.
            log.exception("nothing could be forgotten in %s", place)
    return rows
