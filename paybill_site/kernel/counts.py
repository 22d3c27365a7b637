"""Django's cache in Redis, which also counts in one message."""

from __future__ import annotations

from typing import cast

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.redis import RedisCache


def count(key: str, number: int, timeout: int) -> int:
    """Add to a count of the plane. See ``CountingCache.count``. Raises RedisError."""
    cache = cast("CountingCache", caches[DEFAULT_CACHE_ALIAS])
    return cache.count(key, number, timeout)


class CountingCache(RedisCache):
    """``add`` and ``incr`` are three messages together, and with each call of an agent
    something is counted."""

    def count(self, key: str, number: int, timeout: int) -> int:
        """Add to a count, from 0 where there is none; it lives ``timeout`` seconds on.

        Raises RedisError.
        """
        name = self.make_and_validate_key(key)
        client = self._cache.get_client(name, write=True)
        with client.pipeline(transaction=False) as messages:
            messages.incrby(name, number)
            messages.expire(name, timeout)
            counted, _ = messages.execute()
        return int(counted)

    def clear(self) -> None:
        """Refused: it empties Redis, and the queue of tasks is there, too.

        Raises RuntimeError.
        """
        raise RuntimeError("delete keys: clear() would empty the queue of tasks")
