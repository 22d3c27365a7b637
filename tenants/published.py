"""What accounts can be told of their tenants and people."""

from __future__ import annotations

from pydantic import Field

from paybill_site.kernel.events import Event
from tenants.events import (
    EntitlementChanged,
    MemberInvited,
    MembershipRevoked,
    RoleChanged,
    TenantClosed,
    TenantClosing,
    TenantLive,
    TenantResumed,
    TenantSuspended,
)
from tenants.hooks import Fact, publishes
from tenants.models import Tenant


class TenantFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    state: str = Field(description="draft, provisioning, live, suspended, closing ...")


class EntitlementFact(TenantFact):
    entitlement: str = Field(description="public id of the entitlement")
    entitlement_state: str = Field(description="trial, active, grace, suspended ...")
    plan: str = Field(description="code of the plan")
    version: int = Field(description="rises with each change")


class InvitationFact(Fact):
    invitation: str = Field(description="public id of the invitation")


class MemberFact(Fact):
    user: str = Field(description="public id of the person")


class RoleFact(MemberFact):
    role: str = Field(description="owner, admin, billing or member")


def tenant(event: Event) -> TenantFact:
    """Which tenant, and its state."""
    row = _tenant(event)
    return TenantFact(
        account=row.account.public_id, tenant=row.public_id, state=row.state
    )


def entitlement(event: EntitlementChanged) -> EntitlementFact:
    """What the tenant's subscription grants at this moment."""
    row = _tenant(event)
    terms = row.entitlement
    return EntitlementFact(
        account=row.account.public_id,
        tenant=row.public_id,
        state=row.state,
        entitlement=terms.public_id,
        entitlement_state=terms.state,
        plan=terms.plan,
        version=terms.version,
    )


def invitation(event: MemberInvited) -> InvitationFact:
    return InvitationFact(account=event.account, invitation=event.invitation)


def member(event: MembershipRevoked) -> MemberFact:
    return MemberFact(account=event.account, user=event.user)


def role(event: RoleChanged) -> RoleFact:
    return RoleFact(account=event.account, user=event.user, role=event.role)


def _tenant(event: Event) -> Tenant:
    rows = Tenant.objects.select_related("account", "entitlement")
    return rows.get(public_id=event.stream)


publishes(TenantLive, "tenant.live", tenant)
publishes(TenantSuspended, "tenant.suspended", tenant)
publishes(TenantResumed, "tenant.resumed", tenant)
publishes(TenantClosing, "tenant.closing", tenant)
publishes(TenantClosed, "tenant.closed", tenant)
publishes(EntitlementChanged, "entitlement.changed", entitlement)
publishes(MemberInvited, "member.invited", invitation)
publishes(RoleChanged, "member.role_changed", role)
publishes(MembershipRevoked, "member.removed", member)
