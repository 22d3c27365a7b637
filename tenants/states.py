"""States of tenants, placements and webhooks, and the moves between them."""

from __future__ import annotations

from django.db import models


class TenantState(models.TextChoices):
    DRAFT = "draft"  # signed up, no place yet
    PROVISIONING = "provisioning"
    LIVE = "live"
    SUSPENDED = "suspended"  # access closed, data kept
    CLOSING = "closing"
    CLOSED = "closed"


TENANT_MOVES = {
    TenantState.DRAFT: {TenantState.PROVISIONING, TenantState.CLOSED},
    TenantState.PROVISIONING: {TenantState.LIVE, TenantState.CLOSING},
    TenantState.LIVE: {TenantState.SUSPENDED, TenantState.CLOSING},
    TenantState.SUSPENDED: {TenantState.LIVE, TenantState.CLOSING},
    TenantState.CLOSING: {TenantState.CLOSED},
    TenantState.CLOSED: set[TenantState](),
}


class PlacementState(models.TextChoices):
    WARM = "warm"  # made ahead, complete, nobody's
    TAKEN = "taken"
    RETIRED = "retired"  # nobody enters it any more; its data may be kept
    GONE = "gone"


PLACEMENT_MOVES = {
    PlacementState.WARM: {PlacementState.TAKEN, PlacementState.RETIRED},
    PlacementState.TAKEN: {PlacementState.RETIRED},
    PlacementState.RETIRED: {PlacementState.TAKEN, PlacementState.GONE},
    PlacementState.GONE: set[PlacementState](),
}


class Isolation(models.TextChoices):
    POOLED = "pooled", "Pooled: a schema of its own"
    BRIDGE = "bridge", "Bridge: a database of its own"
    SILO = "silo", "Silo: everything of its own"


class EntitlementState(models.TextChoices):
    NONE = "none"
    TRIAL = "trial"
    ACTIVE = "active"
    GRACE = "grace"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    BILLING = "billing"
    MEMBER = "member"


class Suspension(models.TextChoices):
    NONE = "", "not suspended"
    PAYMENT = "payment", "for non-payment"
    PAUSE = "pause", "while its subscription pauses"
    END = "end", "after the end of its subscription"
    OPERATOR = "operator", "by an operator"  # lifted by an operator alone
    RESTORE = "restore", "while its data is restored"  # for seconds


# What billing's entitlement closed, and opens again.
BY_BILLING = frozenset({Suspension.PAYMENT, Suspension.PAUSE, Suspension.END})


class InvitationState(models.TextChoices):
    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"


INVITATION_MOVES = {
    InvitationState.OPEN: {InvitationState.ACCEPTED, InvitationState.WITHDRAWN},
    InvitationState.ACCEPTED: set[InvitationState](),
    InvitationState.WITHDRAWN: set[InvitationState](),
}


class EndpointState(models.TextChoices):
    ENABLED = "enabled"
    DISABLED = "disabled"  # nothing is sent, and nothing is kept to be sent
    REMOVED = "removed"


ENDPOINT_MOVES = {
    EndpointState.ENABLED: {EndpointState.DISABLED, EndpointState.REMOVED},
    EndpointState.DISABLED: {EndpointState.ENABLED, EndpointState.REMOVED},
    EndpointState.REMOVED: set[EndpointState](),
}


class Unplugged(models.TextChoices):
    NOT = "", "not disabled"
    HAND = "hand", "by somebody here"
    GONE = "gone", "it answered that it is gone (410)"
    FAILING = "failing", "it did not answer well for days"


class MessageState(models.TextChoices):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up; it can be sent again by hand
