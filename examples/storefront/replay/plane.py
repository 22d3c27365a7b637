"""A plane made for a replay and dropped after it: never one in which somebody lives."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from paybill_site.kernel import migrating, planes, schema
from paybill_site.kernel.ids import new_id
from paybill_site.kernel.planes import Place

# Not the pool's prefix: what is left behind is never offered to a tenant.
PREFIX = "replay_"
HOLD = "SELECT pg_try_advisory_lock(hashtext(%s))"


@contextmanager
def throw_away() -> Iterator[Place]:
    """Make an empty plane, enter it, and drop it at the end.

    Who makes one holds a lock with its name; a plane whose maker was killed is dropped
    by the next one.
    """
    dsn = migrating.provisioner_dsn()
    name = f"{PREFIX}{secrets.token_hex(8)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        for left in schema.schemas(connection):
            if left.startswith(PREFIX) and _held(connection, left):
                schema.drop(dsn, left)
        _held(connection, name)
        _build(dsn, name)
        try:
            place = Place("default", name, new_id("ten"))
            with planes.plane(place):
                yield place
        finally:
            schema.drop(dsn, name)


def _held(connection: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    """Take the lock of this name for as long as the connection lasts, if it is free."""
    found = connection.execute(HOLD, [name]).fetchone()
    return bool(found and found[0])


def _build(dsn: str, name: str) -> None:
    try:
        schema.build(dsn, name)
    except schema.NoTemplate:
        with migrating.as_provisioner() as own:
            migrating.ensure_template(own)
        schema.build(dsn, name)
