"""Where tenants live, for everything that has only a name: tasks, sweeps, the fleet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import Q, QuerySet

from paybill_site.kernel import migrating, planes
from paybill_site.kernel.planes import CONTROL, Place
from paybill_site.kernel.postgres.aliases import add_alias
from tenants.models import Placement
from tenants.states import Isolation, PlacementState


def reach(placement: Placement) -> Place:
    """The place of a pooled or bridge placement, with its alias made usable."""
    if placement.kind == Isolation.BRIDGE:
        add_alias(placement.alias, str(placement.dsn or ""))
    return placement.place


@planes.finder
def find(name: str) -> Place | None:
    """The place of the tenant with this public id, or of this schema."""
    with planes.plane(CONTROL):
        named = Q(tenant__public_id=name) | Q(schema_name=name)
        placement = _lived_in().filter(named).first()
    return reach(placement) if placement else None


@planes.lister
def every() -> Iterator[Place]:
    """Every tenant's place on databases that this process can enter."""
    with planes.plane(CONTROL):
        placements = list(_lived_in().order_by("id"))
    return map(reach, placements)


def apart() -> list[Place]:
    """The places in databases of their own."""
    with planes.plane(CONTROL):
        placements = list(_lived_in().filter(kind=Isolation.BRIDGE))
    return [reach(placement) for placement in placements]


def bridges() -> Iterable[str]:
    """Aliases of the bridge databases, for the migration of the fleet."""
    return [place.alias for place in apart()]


def _lived_in() -> QuerySet[Placement]:
    """A silo's plane is on a server of its own, out of reach from here."""
    taken = Placement.objects.filter(state=PlacementState.TAKEN)
    here: QuerySet[Placement] = taken.exclude(kind=Isolation.SILO)
    return here.select_related("tenant")


migrating.further.append(bridges)
