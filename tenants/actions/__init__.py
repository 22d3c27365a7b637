"""The verbs of tenants, their places and their people."""

from __future__ import annotations

from tenants.actions.licences import RenewLicence
from tenants.actions.lifecycle import (
    AccountInput,
    ActivateTenant,
    CloseTenant,
    EntryInput,
    ExplainSuspension,
    FinishClosing,
    IssueEntry,
    OpenAccount,
    ResumeTenant,
    StartInput,
    StartTenant,
    SuspendInput,
    SuspendTenant,
)
from tenants.actions.members import (
    AcceptInput,
    AcceptInvitation,
    ChangeRole,
    ChangeRoleInput,
    InviteInput,
    InviteMember,
    RevokeMembership,
    WithdrawInvitation,
)
from tenants.actions.places import (
    AttachInput,
    AttachPlacement,
    ClaimPlacement,
    NotePlacementGone,
    RetirePlacement,
)

__all__ = [
    "AcceptInput",
    "AcceptInvitation",
    "AccountInput",
    "ActivateTenant",
    "AttachInput",
    "AttachPlacement",
    "ChangeRole",
    "ChangeRoleInput",
    "ClaimPlacement",
    "CloseTenant",
    "EntryInput",
    "ExplainSuspension",
    "FinishClosing",
    "InviteInput",
    "InviteMember",
    "IssueEntry",
    "NotePlacementGone",
    "OpenAccount",
    "RenewLicence",
    "ResumeTenant",
    "RetirePlacement",
    "RevokeMembership",
    "StartInput",
    "StartTenant",
    "SuspendInput",
    "SuspendTenant",
    "WithdrawInvitation",
]
