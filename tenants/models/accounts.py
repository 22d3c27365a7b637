"""Customers' accounts, the people in them and those who were asked."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower, Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager
from tenants.states import InvitationState, Role


class Account(models.Model):
    """A customer: the party that signs up, pays, and owns tenants."""

    account_path = ""

    public_id = PublicId("acc")
    name = models.CharField(max_length=120)
    created_by = models.CharField(max_length=40, help_text="public id of the user")
    time_zone = models.CharField(max_length=60, default="UTC")
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        permissions = [("open_account", "Can open an account of its own")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's part in an account. The person is named by public id."""

    account_path = "account"

    public_id = PublicId("mem")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.CharField(max_length=40, db_index=True, help_text="public id")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "user"], name="member_once"),
        ]
        permissions = [
            ("invite_member", "Can invite somebody to an account"),
            ("accept_invitation", "Can accept an invitation"),
            ("revoke_membership", "Can remove a member"),
            ("change_role", "Can change a member's role"),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"


class Invitation(models.Model):
    """An open door for one e-mail address; its link is signed, and stored nowhere."""

    account_path = "account"

    public_id = PublicId("ivt")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    state = models.CharField(
        max_length=10, choices=InvitationState.choices, default=InvitationState.OPEN
    )
    invited_by = models.CharField(max_length=40, help_text="public id")
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("email"),
                condition=models.Q(state="open"),
                name="invitation_open_once",
            ),
        ]
        permissions = [("withdraw_invitation", "Can withdraw an invitation")]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"
