"""Who belongs to an account: invited, joined, given another role, removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import signing
from django.db import IntegrityError
from django.utils import timezone
from pydantic import Field, field_validator

from paybill_site.kernel import events, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from tenants.errors import (
    AlreadyMember,
    InvitationGone,
    LastOwner,
    OtherAddressInvited,
    OwnersOnly,
)
from tenants.events import MemberInvited, MembershipRevoked, RoleChanged
from tenants.machines import INVITATION
from tenants.models import Account, Invitation, Membership
from tenants.states import InvitationState, Role

OPEN_FOR = timedelta(days=7)
SALT = "tenants.invitation"


class InviteInput(Input):
    email: str = Field(
        max_length=254,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$",
        title="E-mail address",
        json_schema_extra={"sensitive": True},
    )
    role: Role = Field(default=Role.MEMBER, title="Role")

    @field_validator("email")
    @classmethod
    def lower(cls, value: str) -> str:
        return value.lower()


class InviteMember(Action[Account, InviteInput, Invitation]):
    """Ask somebody by e-mail to join the account; asking again sends a new mail."""

    model = Account
    Input = InviteInput
    permission = "tenants.invite_member"

    def run(self, target: Account, data: InviteInput, *, actor: Actor) -> Invitation:
        if data.role == Role.OWNER:
            _only_owners(target, actor)
        if target.memberships.filter(email=data.email).exists():
            raise AlreadyMember
        for earlier in target.invitations.filter(
            email=data.email, state=InvitationState.OPEN
        ):
            INVITATION.move(earlier, InvitationState.WITHDRAWN)
        made = Invitation.objects.create(
            account=target,
            email=data.email,
            role=data.role,
            invited_by=actor.id,
            expires_at=timezone.now() + OPEN_FOR,
        )
        events.emit(MemberInvited(account=target.public_id, invitation=made.public_id))
        return made

    def recall(self, output: Any) -> Invitation | None:
        return Invitation._base_manager.filter(public_id=output["id"]).first()


class WithdrawInvitation(Action[Invitation, NoInput, Invitation]):
    """Take back an invitation that was not accepted yet."""

    model = Invitation
    permission = "tenants.withdraw_invitation"
    legal_in = frozenset({InvitationState.OPEN})

    def run(self, target: Invitation, data: NoInput, *, actor: Actor) -> Invitation:
        INVITATION.move(target, InvitationState.WITHDRAWN)
        return target


class AcceptInput(Input):
    token: str = Field(max_length=300, json_schema_extra={"sensitive": True})


class AcceptInvitation(Action[None, AcceptInput, Membership]):
    """Join the account that asked, with the link from the mail."""

    model = Membership
    Input = AcceptInput
    permission = "tenants.accept_invitation"
    creates = True

    def run(self, target: None, data: AcceptInput, *, actor: Actor) -> Membership:
        invitation = read_token(data.token)
        if invitation.email.lower() != actor.label.lower():
            raise OtherAddressInvited
        INVITATION.move(invitation, InvitationState.ACCEPTED)
        try:
            with planes.atomic():
                return Membership.objects.create(
                    account=invitation.account,
                    user=actor.id,
                    email=actor.label,
                    role=invitation.role,
                )
        except IntegrityError as error:
            raise AlreadyMember from error


class ChangeRoleInput(Input):
    role: Role = Field(title="Role")


class ChangeRole(Action[Membership, ChangeRoleInput, Membership]):
    """Give a member another role; it holds in every tenant of the account."""

    model = Membership
    Input = ChangeRoleInput
    permission = "tenants.change_role"
    danger = Danger.CAREFUL

    def run(
        self, target: Membership, data: ChangeRoleInput, *, actor: Actor
    ) -> Membership:
        if Role.OWNER in {target.role, data.role}:
            _only_owners(target.account, actor)
        if data.role != Role.OWNER:
            _keep_an_owner(target)
        target.role = data.role
        target.save(update_fields=["role"])
        events.emit(
            RoleChanged(
                account=target.account.public_id, user=target.user, role=data.role
            )
        )
        return target


class RevokeMembership(Action[Membership, NoInput, Membership]):
    """Remove a member: its sessions in the account's tenants end."""

    model = Membership
    permission = "tenants.revoke_membership"
    danger = Danger.CAREFUL

    def run(self, target: Membership, data: NoInput, *, actor: Actor) -> Membership:
        if target.role == Role.OWNER:
            _only_owners(target.account, actor)
        _keep_an_owner(target)
        events.emit(
            MembershipRevoked(account=target.account.public_id, user=target.user)
        )
        Membership.objects.filter(pk=target.pk).delete()
        return target

    def present(self, result: Membership) -> dict[str, Any]:
        return {"id": result.public_id, "state": "revoked"}


def token_for(invitation: Invitation) -> str:
    """What the link in the mail carries; made when the mail is, stored nowhere."""
    return signing.dumps(invitation.public_id, salt=SALT)


def read_token(token: str) -> Invitation:
    """The open invitation that a link names, locked. Raises InvitationGone."""
    try:
        public_id = signing.loads(token, salt=SALT, max_age=OPEN_FOR)
    except signing.BadSignature as error:
        raise InvitationGone from error
    found = (
        Invitation.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account")
        .filter(
            public_id=public_id,
            state=InvitationState.OPEN,
            expires_at__gt=timezone.now(),
        )
        .first()
    )
    if found is None:
        raise InvitationGone
    return found


def _keep_an_owner(member: Membership) -> None:
    """Raise LastOwner; the account's row is locked so that two can not go at once."""
    if member.role != Role.OWNER:
        return
    Account.objects.select_for_update(no_key=True).get(pk=member.account_id)
    others = Membership.objects.filter(account=member.account_id, role=Role.OWNER)
    if not others.exclude(pk=member.pk).exists():
        raise LastOwner


def _only_owners(account: Account, actor: Actor) -> None:
    """An admin can not make itself or a friend an owner. Operators may."""
    if actor.may("tenants.change_role"):
        return
    if "tenants.close_tenant" not in actor.accounts.get(account.public_id, ()):
        raise OwnersOnly
