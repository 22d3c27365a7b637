"""What an agent's calls cost: how long they kept the server busy, by day.

Counted in Redis under the plane's key: it is told to people and decides nothing, so
losing it forgives, and no call waits for a row that another call of the agent holds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import wraps
from typing import Any, Concatenate

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from paybill_site.kernel import counts
from paybill_site.kernel.actors import Actor

log = logging.getLogger(__name__)
KEPT = int(timedelta(days=40).total_seconds())


def counted[**P, R](
    function: Callable[Concatenate[Actor, P], R],
) -> Callable[Concatenate[Actor, P], R]:
    """Count how long a call of the actor takes, allowed or not."""

    @wraps(function)
    def call(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
        begun = time.perf_counter()
        try:
            return function(actor, *args, **kwargs)
        finally:
            _add(actor.id, int((time.perf_counter() - begun) * 1_000_000))

    return call


def _add(agent: str, micros: int) -> None:
    key = _key(agent, timezone.now().date())
    try:
        counts.count(key, micros, KEPT)
    except RedisError:
        log.warning("what agents' calls cost is not counted: Redis is gone")


def spent(agent: str, days: Iterable[date]) -> timedelta:
    """How long the agent's calls took on these days together. One message."""
    keys = [_key(agent, day) for day in days]
    try:
        found: dict[str, Any] = cache.get_many(keys)
    except RedisError:
        return timedelta()
    return timedelta(microseconds=sum(map(int, found.values())))


def _key(agent: str, day: date) -> str:
    return f"cost:{agent}:{day:%Y%m%d}"
