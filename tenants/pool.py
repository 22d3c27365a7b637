"""The warm pool: places made ahead, so that a claim is one UPDATE and no DDL.

1. ``fill`` makes schema and roles in the provisioner's log-in, then the row that
   offers it. One process fills at a time.
2. Cut off between the two, a complete schema without a row is left; the next fill
   offers it. An unfinished one can not be left: it is made in one transaction.
3. After a migration of the fleet, ``fill`` writes the new versions onto the rows.
   A claim (``actions.places``) takes only a row in the version its own code knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db.models import QuerySet

from paybill_site.kernel import migrating, planes, schema
from paybill_site.kernel.planes import CONTROL
from tenants.models import Placement
from tenants.states import Isolation, PlacementState


def ready() -> int:
    """How many places can be claimed by this code. In the control plane."""
    return _warm().filter(template=schema.version()).count()


def fill(size: int | None = None) -> int:
    """Make places until ``size`` are ready; return how many were made.

    Waits while another process fills. Not inside a transaction, for it takes places
    from what it sees. Raises schema.NoTemplate before the first migration.
    """
    wanted = settings.PAYBILL_POOL_SIZE if size is None else size
    made = 0
    dsn = migrating.provisioner_dsn()
    with _alone(dsn) as connection, planes.plane(CONTROL):
        _reconcile(schema.schemas(connection))
        while ready() < wanted:
            name = schema.new_name()
            _offer(name, schema.build(dsn, name))
            made += 1
    return made


def dispose(placement: Placement) -> None:
    """Drop a retired placement's schema and roles; repeatable. Data is gone then."""
    if placement.state != PlacementState.RETIRED:
        raise ValueError(f"{placement} is {placement.state}, not retired")
    schema.drop(migrating.provisioner_dsn(placement.alias), placement.schema_name)


def _reconcile(found: dict[str, str]) -> None:
    """Let the rows say what the database holds."""
    known = set(Placement.objects.values_list("schema_name", flat=True))
    for name, version in found.items():
        if name.startswith(schema.TENANT) and name not in known and version:
            _offer(name, version)
    for placement in _warm():
        version = found.get(placement.schema_name, "")
        if not version:
            # A database restored to an older state no longer has it.
            _warm().filter(pk=placement.pk).update(state=PlacementState.RETIRED)
        elif version != placement.template:
            _warm().filter(pk=placement.pk).update(template=version)


def _offer(name: str, version: str) -> None:
    Placement.objects.create(
        kind=Isolation.POOLED, schema_name=name, template=version, alias="default"
    )


def _warm() -> QuerySet[Placement]:
    warm: QuerySet[Placement] = Placement.objects.filter(
        kind=Isolation.POOLED, state=PlacementState.WARM, alias="default"
    )
    return warm


@contextmanager
def _alone(dsn: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext('paybill.pool'))")
        yield connection
