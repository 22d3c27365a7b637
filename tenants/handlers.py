"""What follows from events, each in its own transactions, repeatable.

A delivery may come twice and a crash may come between any two lines: every step is
an action under the delivery's id, or changes nothing when it is done again.
"""

from __future__ import annotations

from paybill_site.accounts.actions import AccessInput, SetAccess
from paybill_site.accounts.models import User
from paybill_site.kernel import actors, planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from paybill_site.kernel.licences import InstallLicence, LicenceInput, sign
from tenants import entitlements, entry, mails, opening, pushing
from tenants.actions import (
    ActivateTenant,
    ExplainSuspension,
    ResumeTenant,
    SuspendTenant,
)
from tenants.actions.lifecycle import SuspendInput
from tenants.actions.places import taken
from tenants.directory import reach
from tenants.events import (
    EntitlementChanged,
    MemberInvited,
    MembershipRevoked,
    PlacementReady,
    RoleChanged,
    TenantLive,
    TenantResumed,
    TenantSuspended,
)
from tenants.models import Entitlement, Placement, Tenant
from tenants.states import (
    BY_BILLING,
    EntitlementState,
    Isolation,
    PlacementState,
    Suspension,
    TenantState,
)

LIFECYCLE = actors.system(
    "tenants",
    "tenants.view_tenant",
    "tenants.activate_tenant",
    "tenants.suspend_tenant",
    "tenants.resume_tenant",
)
LICENSING = actors.system("licensing", "kernel.add_licence")
ACCESS = actors.system("access", "accounts.view_user", "accounts.set_access")

CLOSED_TO_MEMBERS = {EntitlementState.SUSPENDED, EntitlementState.ENDED}
CAUSES = {"paused": Suspension.PAUSE, "cancelled": Suspension.END}
OPEN_TO_MEMBERS = {
    EntitlementState.TRIAL,
    EntitlementState.ACTIVE,
    EntitlementState.GRACE,
}


@handles(PlacementReady)
def open_place(event: PlacementReady, delivery_id: str) -> None:
    """License the place, then let the members in."""
    tenant = Tenant.objects.get(public_id=event.tenant)
    place = taken(tenant)
    if place is None or place.public_id != event.placement:
        return  # closed, or moved on to another place, which has an event of its own
    _license(tenant, place)
    if tenant.state in {TenantState.PROVISIONING, TenantState.LIVE}:
        opening.prepare(tenant, delivery_id)
        perform(ActivateTenant, event.tenant, actor=LIFECYCLE, key=delivery_id)
    # Billing may have changed its mind while the place was being built, or have waited
    # for the place to be large enough again.
    open_or_close(event.tenant, f"{delivery_id}.doors")


@handles(EntitlementChanged)
def follow_entitlement(event: EntitlementChanged, delivery_id: str) -> None:
    """Renew the licence, and close or open the tenant as billing says."""
    tenant = Tenant.objects.get(public_id=event.tenant)
    place = taken(tenant)
    if place is not None:
        _license(tenant, place)
    open_or_close(event.tenant, delivery_id)


def open_or_close(public_id: str, key: str) -> None:
    """Let the tenant be open, or closed, as its entitlement says now; repeatable.

    A former event that comes late finds the present rows, and so moves nothing back.
    """
    tenant = Tenant.objects.get(public_id=public_id)
    row = Entitlement.objects.filter(tenant=tenant).first()
    if row is None:
        return
    state = EntitlementState(row.state)
    by_billing = tenant.suspension in BY_BILLING
    if state in CLOSED_TO_MEMBERS:
        _close(tenant, row, key)
    elif state in OPEN_TO_MEMBERS and by_billing and not opening.has_to_wait(tenant):
        reason = f"entitlement is {state}"
        perform(ResumeTenant, public_id, actor=LIFECYCLE, key=key, reason=reason)


def _close(tenant: Tenant, row: Entitlement, key: str) -> None:
    cause = CAUSES.get(row.reason, Suspension.PAYMENT)
    said = SuspendInput(cause=cause)
    reason = f"entitlement is {row.state}"
    verb = SuspendTenant if tenant.state == TenantState.LIVE else ExplainSuspension
    other = tenant.suspension in BY_BILLING and tenant.suspension != cause
    if tenant.state == TenantState.LIVE or other:
        perform(verb, tenant, said, actor=LIFECYCLE, key=key, reason=reason)


def _license(tenant: Tenant, place: Placement) -> None:
    """Put the newest licence into the tenant's plane; the same again is no change.

    Nobody here can enter a silo's plane: it is told. Raises Unreachable.
    """
    row = Entitlement.objects.select_related("tenant").filter(tenant=tenant).first()
    if row is None:
        return
    token = sign(tenant.public_id, entitlements.terms(row), row.version)
    if place.kind == Isolation.SILO:
        pushing.push(place, "/entry/push/licence/", token)
        return
    with planes.plane(reach(place)):
        perform(InstallLicence, None, LicenceInput(token=token), actor=LICENSING)


@handles(MembershipRevoked)
def end_sessions(event: MembershipRevoked, delivery_id: str) -> None:
    """Close every tenant of the account to somebody who left it."""
    _set_access(event.account, event.user, "none", delivery_id)


@handles(RoleChanged)
def follow_role(event: RoleChanged, delivery_id: str) -> None:
    """Give a member the same role in every tenant of the account."""
    _set_access(event.account, event.user, event.role, delivery_id)


def _set_access(account: str, user: str, role: str, delivery_id: str) -> None:
    access = AccessInput.model_validate({"role": role})
    placements = Placement.objects.filter(
        tenant__account__public_id=account, state=PlacementState.TAKEN
    )
    for placement in list(placements.select_related("tenant")):
        if placement.kind == Isolation.SILO:
            _push_access(placement, user, role)
            continue
        with planes.plane(reach(placement)):
            if User.objects.filter(public_id=user).exists():
                perform(SetAccess, user, access, actor=ACCESS, key=delivery_id)


def _push_access(placement: Placement, user: str, role: str) -> None:
    """Tell a server of its own. Raises Unreachable, so that it is tried again."""
    tenant = Tenant.objects.get(placements=placement)
    token = entry.access_token(tenant, user, role)
    pushing.push(placement, "/entry/push/", token)


@handles(MemberInvited)
def mail_invitation(event: MemberInvited, delivery_id: str) -> None:
    mails.invitation(event.invitation, delivery_id)


@handles(TenantLive)
def mail_live(event: TenantLive, delivery_id: str) -> None:
    mails.to_owners("live", event.tenant, delivery_id)


@handles(TenantSuspended)
def mail_suspended(event: TenantSuspended, delivery_id: str) -> None:
    if event.cause != Suspension.RESTORE:  # which is over before a mail is read
        mails.to_owners("suspended", event.tenant, delivery_id)


@handles(TenantResumed)
def mail_resumed(event: TenantResumed, delivery_id: str) -> None:
    if event.cause != Suspension.RESTORE:
        mails.to_owners("resumed", event.tenant, delivery_id)
