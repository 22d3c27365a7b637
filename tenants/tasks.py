"""What the worker does for tenants by itself."""

from __future__ import annotations

from celery import shared_task

from paybill_site.kernel import outbox, planes
from tenants import directory, pool


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
        with planes.plane(place):
            done += outbox.drain()
    return done
