"""Whether something is left: by the state, and by the cloud's own list."""

from __future__ import annotations

import psycopg

from paybill_site.kernel import migrating, roles, schema
from provisioning import state
from provisioning.checks import Check
from provisioning.clouds import inventory
from provisioning.clouds.inventory import Found
from provisioning.models import Deployment
from tenants.models import Placement


def of(deployment: Deployment) -> tuple[list[Check], list[Found]]:
    """What was looked at, and what is deleted but not gone yet. Raises CloudFailed."""
    checks = [_state(deployment)]
    asked = inventory.of(deployment)
    if asked is None:
        said = "there is none for this cloud: the state alone says so"
        return [*checks, Check("cloud's own list", True, said)], []
    found = asked.listed(deployment)
    left = [one.name for one in found if not one.ends]
    ending = [one for one in found if one.ends]
    said = f"still there: {', '.join(left)}" if left else "nothing under its tags"
    if ending:
        said += f"; {len(ending)} deleted and not gone yet"
    if not asked.verified:
        said += " (this list was never tried against the cloud itself)"
    return [*checks, Check("cloud's own list", not left, said)], ending


def _state(deployment: Deployment) -> Check:
    newest = state.current(deployment)
    if newest is not None and newest.resources:
        return Check("state", False, f"it still has {newest.resources} resources")
    return Check("state", True, "it is empty")


def of_place(placement: Placement) -> list[Check]:
    """The same for a place in the pool: its schema, and its roles."""
    name = placement.schema_name
    dsn = migrating.provisioner_dsn(placement.alias)
    with psycopg.connect(dsn, autocommit=True) as connection:
        there = name in schema.schemas(connection)
        left = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) ORDER BY 1",
            [[roles.role_of(name, part) for part in ("owner", "app", "agent")]],
        ).fetchall()
    words = ", ".join(row[0] for row in left) or "none is left"
    return [
        Check("schema", not there, "it still exists" if there else "it is dropped"),
        Check("roles", not left, words),
    ]
