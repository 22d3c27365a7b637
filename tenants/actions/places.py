"""Giving a tenant its place, and taking it away."""

from __future__ import annotations

from typing import Literal

from django.conf import settings
from django.utils import timezone
from pydantic import Field

from paybill_site.kernel import acts, events, planes, schema
from paybill_site.kernel.actions import Action, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Transition, reference
from tenants.errors import NotPooled, NoWarmPlacement
from tenants.events import PlacementReady
from tenants.machines import PLACEMENT, TENANT
from tenants.models import Domain, Placement, Tenant
from tenants.states import Isolation, PlacementState, TenantState

# One statement, no lock held before it, no two claimers of one row (tenancy.md, 3).
CLAIM = """
UPDATE tenants_placement SET state = 'taken', tenant_id = %s, claimed_at = now()
WHERE id = (SELECT id FROM tenants_placement WHERE state = 'warm' AND template = %s
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class ClaimPlacement(Action[Tenant, NoInput, Placement]):
    """Give a tenant a ready schema from the pool, and its address."""

    model = Tenant
    permission = "tenants.claim_placement"

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Placement:
        entitlement = getattr(target, "entitlement", None)
        if entitlement is not None and entitlement.isolation != Isolation.POOLED:
            raise NotPooled
        placement = taken(target) or _claim(target)
        _serve(target, placement, port=None)
        return placement


class AttachInput(Input):
    """Where a place that was built for one tenant is reached."""

    kind: Literal["bridge", "silo"]
    alias: str = Field(default="default", max_length=60)
    # What a bridge's schema is called; a silo's is its own affair.
    schema_name: str = Field(default="", max_length=63)
    dsn: str = Field(default="", max_length=1000, json_schema_extra={"sensitive": True})
    base_url: str = Field(default="", max_length=200)
    port: int | None = Field(default=None, ge=1, le=65535)


class AttachPlacement(Action[Tenant, AttachInput, Placement]):
    """Give a tenant the place that was built for it; a former one is retired."""

    model = Tenant
    Input = AttachInput
    permission = "tenants.attach_placement"

    def run(self, target: Tenant, data: AttachInput, *, actor: Actor) -> Placement:
        placement = taken(target)
        if placement is None or not _same(placement, data):
            if placement is not None:
                PLACEMENT.move(placement, PlacementState.RETIRED)
            placement = _attached(target, data)
        _serve(target, placement, port=data.port)
        return placement


class RetirePlacement(Action[Placement, NoInput, Placement]):
    """Take a place out of service; nobody enters it any more."""

    model = Placement
    permission = "tenants.retire_placement"
    legal_in = frozenset({PlacementState.WARM, PlacementState.TAKEN})

    def run(self, target: Placement, data: NoInput, *, actor: Actor) -> Placement:
        PLACEMENT.move(target, PlacementState.RETIRED)
        return target


class NotePlacementGone(Action[Placement, NoInput, Placement]):
    """Note that a retired place was dropped, with all that was in it."""

    model = Placement
    permission = "tenants.retire_placement"
    legal_in = frozenset({PlacementState.RETIRED})

    def run(self, target: Placement, data: NoInput, *, actor: Actor) -> Placement:
        PLACEMENT.move(target, PlacementState.GONE)
        return target


class FollowInput(Input):
    dsn: str = Field(max_length=1000, json_schema_extra={"sensitive": True})


class FollowDatabase(Action[Placement, FollowInput, Placement]):
    """Reach a place's database with another log-in from now on."""

    model = Placement
    Input = FollowInput
    permission = "tenants.follow_database"

    def run(self, target: Placement, data: FollowInput, *, actor: Actor) -> Placement:
        target.dsn = data.dsn
        target.save(update_fields=["dsn"])
        return target


def taken(tenant: Tenant) -> Placement | None:
    """The place that a tenant has, if any."""
    rows = Placement.objects.filter(tenant=tenant, state=PlacementState.TAKEN)
    found: Placement | None = rows.first()
    return found


def address(tenant: Tenant) -> str:
    """The host name that every tenant gets."""
    return f"{tenant.slug}.{settings.PAYBILL_TENANT_DOMAIN}"


def _claim(tenant: Tenant) -> Placement:
    with planes.cursor() as cursor:
        cursor.execute(CLAIM, [tenant.pk, schema.version()])
        row = cursor.fetchone()
    if row is None:
        raise NoWarmPlacement
    placement: Placement = Placement.objects.get(pk=row[0])
    Transition.objects.create(
        target=reference(placement),
        machine=PLACEMENT.name,
        old=PlacementState.WARM,
        new=PlacementState.TAKEN,
        reason=f"claimed for {tenant.public_id}",
        actor=acts.current().actor.id,
    )
    return placement


def _same(placement: Placement, data: AttachInput) -> bool:
    return (placement.kind, placement.alias, placement.base_url) == (
        data.kind,
        data.alias,
        data.base_url,
    ) and (data.kind == "silo" or placement.schema_name == data.schema_name)


def _attached(tenant: Tenant, data: AttachInput) -> Placement:
    made: Placement = Placement.objects.create(
        tenant=tenant,
        kind=data.kind,
        state=PlacementState.TAKEN,
        alias=data.alias,
        # The column is unique and never empty; nobody enters a silo's schema here.
        schema_name=data.schema_name or schema.new_name(),
        dsn=data.dsn,
        base_url=data.base_url,
        template=schema.version(),
        claimed_at=timezone.now(),
    )
    return made


def _serve(tenant: Tenant, placement: Placement, *, port: int | None) -> None:
    """Point the tenant's addresses to the place, and say that it is ready."""
    Domain.objects.filter(tenant__tenant=tenant).update(tenant=placement, port=port)
    Domain.objects.get_or_create(
        domain=address(tenant), defaults={"tenant": placement, "port": port}
    )
    if tenant.state == TenantState.DRAFT:
        TENANT.move(tenant, TenantState.PROVISIONING)
    events.emit(PlacementReady(tenant=tenant.public_id, placement=placement.public_id))
