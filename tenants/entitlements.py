"""Writes what a tenant's subscription grants; called inside billing's actions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict, Unpack

from paybill_site.kernel import events
from tenants.events import EntitlementChanged
from tenants.models import Entitlement, Tenant
from tenants.states import EntitlementState, TenantState

CLOSED = {TenantState.SUSPENDED, TenantState.CLOSING, TenantState.CLOSED}


class Grant(TypedDict):
    """The terms of an entitlement, all of them, each time."""

    state: str
    plan: str
    isolation: str
    size: str
    region: str
    cloud: str
    retention_days: int
    backup_days: int
    features: dict[str, Any]
    limits: dict[str, Any]
    reason: str
    ended_at: datetime | None


def write(tenant: Tenant, **grant: Unpack[Grant]) -> Entitlement:
    """Store the terms as a new version and say so, in the open transaction.

    Only inside an action: the entitlement commits with the subscription's change.
    """
    Entitlement.objects.get_or_create(tenant=tenant)
    row = Entitlement.objects.select_for_update(of=("self",), no_key=True).get(
        tenant=tenant
    )
    ended = row.ended_at and grant["ended_at"]  # said again it has not ended later
    for name, value in grant.items():
        setattr(row, name, value)
    row.ended_at = ended or row.ended_at
    row.version += 1
    row.save()
    events.emit(EntitlementChanged(tenant=tenant.public_id, version=row.version))
    return row


def renew(tenant: Tenant) -> None:
    """Make a new version of the same terms, so that every place hears of the tenant.

    A server of its own learns of a suspension by its licence alone.
    """
    rows = Entitlement.objects.select_for_update(of=("self",), no_key=True)
    row = rows.filter(tenant=tenant).first()
    if row is None:
        return
    row.version += 1
    row.save(update_fields=["version", "updated_at"])
    events.emit(EntitlementChanged(tenant=tenant.public_id, version=row.version))


def terms(row: Entitlement) -> dict[str, Any]:
    """What a licence says about this entitlement; a closed door is closed in it too."""
    closed = row.tenant.state in CLOSED
    return {
        "name": row.tenant.name,
        "simulated": row.tenant.simulated,
        "state": EntitlementState.SUSPENDED if closed else row.state,
        "reason": row.tenant.suspension or row.reason,
        "plan": row.plan,
        "features": row.features,
        "limits": row.limits,
    }
