"""The worker of a tenant on a server of its own: no broker, one plane, one loop.

What is due stands in the tenant's database, which is looked at every second; a message
could only say the same sooner.
"""

from __future__ import annotations

import logging
import time
from threading import Event

from django.core.cache import cache
from django.db import DatabaseError, close_old_connections
from redis.exceptions import RedisError

from paybill_site.kernel import outbox, planes, retention
from paybill_site.kernel.tasks import HEARTBEAT

log = logging.getLogger(__name__)

LOOK, FORGET = 1.0, 3600.0  # seconds


def work(stop: Event) -> None:
    """Deliver what is due and forget what is old, until ``stop`` is set."""
    forgotten = float("-inf")
    while not stop.wait(LOOK):
        try:
            cache.set(HEARTBEAT, time.time(), timeout=None)
            with planes.plane(planes.single_place()):
                outbox.drain()
                if time.monotonic() - forgotten > FORGET:
                    retention.forget()
                    forgotten = time.monotonic()
        except (DatabaseError, RedisError):
            log.exception("the server did not answer; it is asked again")
        close_old_connections()
