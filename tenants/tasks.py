"""What the worker does for tenants by itself."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError

from paybill_site.kernel import outbox, planes
from tenants import directory, pool

log = logging.getLogger(__name__)


@shared_task(name="tenants.refill")
def refill() -> int:
    """Make places until the warm pool is full; return how many were made."""
    return pool.fill()


@shared_task(name="tenants.sweep_bridges")
def sweep_bridges() -> int:
    """Drain the planes in databases of their own; return how many were tried.

    The control plane's table of what is due does not reach there. Messages are what
    makes their events quick; this makes them certain.
    """
    done = 0
    for place in directory.apart():
        try:
            with planes.plane(place):
                done += outbox.drain()
        except DatabaseError:
            # The others do not wait for a database that is away.
            log.exception("the outbox of %s can not be drained", place)
    return done
