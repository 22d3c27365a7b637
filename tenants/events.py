"""What happens to tenants and memberships, as other rooms hear of it."""

from __future__ import annotations

from paybill_site.kernel.events import Event


class EntitlementChanged(Event):
    """What a tenant's subscription grants has a new version."""

    tenant: str
    version: int


class PlacementReady(Event):
    """A tenant got a place, complete but without a licence yet."""

    tenant: str
    placement: str


class TenantLive(Event):
    """A tenant can be entered for the first time, or again from a new place."""

    tenant: str


class TenantSuspended(Event):
    """A tenant was closed to its members; its data is kept."""

    tenant: str
    cause: str = ""


class TenantResumed(Event):
    """A suspended tenant can be entered again."""

    tenant: str
    cause: str = ""


class TenantClosing(Event):
    """A tenant is being closed: its place can be taken down."""

    tenant: str


class TenantClosed(Event):
    """Nothing of a tenant is served any more."""

    tenant: str


class MemberInvited(Event):
    """Somebody was asked by e-mail to join an account."""

    account: str
    invitation: str


class MembershipRevoked(Event):
    """A person does not belong to an account any more."""

    account: str
    user: str


class RoleChanged(Event):
    """A member of an account has another role."""

    account: str
    user: str
    role: str


class EndpointUnplugged(Event):
    """A webhook was disabled because its receiver is gone or does not answer."""

    account: str
    endpoint: str


class MessagesDue(Event):
    """Somebody asked for webhooks to be sent now: a test, or what failed before."""

    endpoint: str
