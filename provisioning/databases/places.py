"""Where the database of a tenant is, and how the provisioner gets in.

- pooled: a schema of a shared database; the provisioner of the control plane.
- bridge: a database of the tenant's own, its alias made usable from the placement.
- silo on this machine: a server of the tenant's own, by its unit's own provisioner.
- silo elsewhere: out of reach from here on purpose. While it stands, the cloud keeps
  its backups; what outlives it is told in ``removal.keeping``.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from paybill_site.kernel import migrating, roles
from provisioning.clouds import local
from provisioning.databases.errors import BacksItselfUp, NoDatabase
from provisioning.models import Deployment
from provisioning.simulation import places
from provisioning.states import DeploymentState
from tenants.directory import reach
from tenants.models import Placement, Tenant
from tenants.states import Isolation, PlacementState

CONNECT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Ground:
    """A tenant's plane as the provisioner sees it. ``dsn`` holds a password."""

    dsn: str
    schema: str
    app: str  # the log-in that may step into the plane's roles

    def __repr__(self) -> str:
        return f"Ground({self.schema})"


def placement_of(tenant: Tenant) -> Placement:
    """The place whose database is cared for. Raises NoDatabase, BacksItselfUp."""
    kept = tenant.placements.filter(
        state__in=[PlacementState.TAKEN, PlacementState.RETIRED]
    )
    found: Placement | None = kept.order_by("-state", "-id").first()
    if found is None:
        raise NoDatabase(f"{tenant.name} has no database yet")
    if found.kind == Isolation.SILO and _unit_of(found) is None:
        raise BacksItselfUp
    return found


def ground_of(placement: Placement) -> Ground:
    """How the provisioner reaches the placement's plane. Raises as placement_of."""
    if placement.kind == Isolation.SILO:
        unit = _unit_of(placement)
        if unit is None:
            raise BacksItselfUp
        dsn = local.provisioner_dsn(local.show(unit))
        return Ground(_patient(dsn), placement.schema_name, roles.APP)
    place = reach(placement)
    app = roles.APP
    if placement.kind == Isolation.BRIDGE:
        app = str(conninfo_to_dict(str(placement.dsn))["user"])
    dsn = migrating.provisioner_dsn(place.alias)
    return Ground(_patient(dsn), place.schema, app)


def _patient(dsn: str) -> str:
    """An address that is given up when nobody answers: others wait behind it."""
    return make_conninfo(dsn, connect_timeout=CONNECT_SECONDS)


def _unit_of(placement: Placement) -> str | None:
    """The unit of this machine that holds a silo's database, if it is here."""
    standing = Deployment.objects.filter(
        tenant=placement.tenant, kind=Isolation.SILO
    ).exclude(state=DeploymentState.GONE)
    deployment = standing.first()
    if deployment is None:
        return None
    outputs = deployment.outputs
    if deployment.simulated:  # the data is on this machine whatever the outputs say
        outputs = places.references(deployment)
    reference = str(outputs.get("secret_reference", ""))
    if not reference.startswith(local.SCHEME):
        return None
    return local.unit_of(reference)
