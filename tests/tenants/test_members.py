"""Inviting, joining, other roles, leaving."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import signing

from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove, NotFound
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from paybill_site.kernel.planes import Place, plane
from tenants.actions import (
    AcceptInput,
    AcceptInvitation,
    ChangeRole,
    ChangeRoleInput,
    InviteInput,
    InviteMember,
    RevokeMembership,
    WithdrawInvitation,
)
from tenants.actions.members import SALT, token_for
from tenants.errors import (
    AlreadyMember,
    InvitationGone,
    LastOwner,
    OtherAddressInvited,
    OwnersOnly,
)
from tenants.models import Account, Invitation, Membership, Tenant
from tenants.states import Role
from tests.cast import acting, join, make_user

NEW = "nora@example.com"


@pytest.fixture
def invited(owner: Actor, account: Account) -> Invitation:
    data = InviteInput(email=NEW, role=Role.ADMIN)
    return perform(InviteMember, account, data, actor=owner).result


def accept(user: User, token: str) -> Membership:
    data = AcceptInput(token=token)
    return perform(AcceptInvitation, None, data, actor=acting(user)).result


def member(account: Account, user: User) -> Membership:
    return Membership.objects.get(account=account, user=user.public_id)


def test_the_invited_joins_with_the_role_it_was_promised(invited: Invitation) -> None:
    joined = accept(make_user("nora"), token_for(invited))
    assert (joined.account, joined.role) == (invited.account, Role.ADMIN)


def test_the_link_goes_out_by_mail_and_is_stored_nowhere(
    invited: Invitation, mailoutbox: list[Any]
) -> None:
    outbox.drain()
    (mail,) = mailoutbox
    assert mail.to == [NEW]
    assert "/invitations/" in mail.body
    token = mail.body.split("/invitations/")[1].split("/")[0]
    stored = f"{OutboxEvent.objects.values()} {AuditEntry.objects.values()}"
    assert token not in stored


def test_a_link_works_once(invited: Invitation) -> None:
    user = make_user("nora")
    accept(user, token_for(invited))
    with pytest.raises(InvitationGone):
        accept(user, token_for(invited))


def test_somebody_else_can_not_use_the_link(
    invited: Invitation, outsider_user: User
) -> None:
    with pytest.raises(OtherAddressInvited):
        accept(outsider_user, token_for(invited))


@pytest.mark.parametrize("token", ["", "x", "x" * 300])
def test_a_made_up_link_opens_nothing(control: Place, token: str) -> None:
    with pytest.raises(InvitationGone):
        accept(make_user("nora"), token)


def test_a_link_signed_for_something_else_opens_nothing(invited: Invitation) -> None:
    with pytest.raises(InvitationGone):
        accept(make_user("nora"), signing.dumps(invited.public_id, salt=f"{SALT}x"))


def test_a_withdrawn_invitation_opens_nothing(
    owner: Actor, invited: Invitation
) -> None:
    perform(WithdrawInvitation, invited, actor=owner)
    with pytest.raises(InvitationGone):
        accept(make_user("nora"), token_for(invited))
    with pytest.raises(IllegalMove):
        perform(WithdrawInvitation, invited, actor=owner)


def test_asking_again_makes_the_first_link_useless(
    owner: Actor, account: Account, invited: Invitation
) -> None:
    perform(InviteMember, account, InviteInput(email=NEW), actor=owner)
    with pytest.raises(InvitationGone):
        accept(make_user("nora"), token_for(invited))


def test_a_member_is_not_invited_again(
    owner: Actor, account: Account, teammate_user: User
) -> None:
    data = InviteInput(email=teammate_user.email.upper())
    with pytest.raises(AlreadyMember):
        perform(InviteMember, account, data, actor=owner)


def test_a_teammate_may_not_invite(teammate: Actor, account: Account) -> None:
    with pytest.raises(Forbidden):
        perform(InviteMember, account, InviteInput(email=NEW), actor=teammate)


def test_an_outsider_can_not_invite_into_a_foreign_account(
    outsider: Actor, account: Account
) -> None:
    with pytest.raises(NotFound):
        perform(InviteMember, account, InviteInput(email=NEW), actor=outsider)


def test_an_admin_can_not_make_itself_an_owner(account: Account) -> None:
    user = make_user("ada")
    mine = join(account, user, Role.ADMIN)
    with pytest.raises(OwnersOnly):
        perform(ChangeRole, mine, ChangeRoleInput(role=Role.OWNER), actor=acting(user))


def test_an_admin_can_not_invite_an_owner(account: Account) -> None:
    user = make_user("ada")
    join(account, user, Role.ADMIN)
    data = InviteInput(email=NEW, role=Role.OWNER)
    with pytest.raises(OwnersOnly):
        perform(InviteMember, account, data, actor=acting(user))


def test_the_last_owner_can_not_leave(
    owner: Actor, account: Account, owner_user: User
) -> None:
    own = member(account, owner_user)
    with pytest.raises(LastOwner):
        perform(RevokeMembership, own, actor=owner)
    with pytest.raises(LastOwner):
        perform(ChangeRole, own, ChangeRoleInput(role=Role.MEMBER), actor=owner)


def test_who_is_removed_loses_its_access_in_every_tenant(
    owner: Actor,
    account: Account,
    live_tenant: Tenant,
    teammate_user: User,
    tenant_a: Place,
) -> None:
    with plane(tenant_a):
        local = User.objects.create_user(
            teammate_user.email, public_id=teammate_user.public_id
        )
        before = local.get_session_auth_hash()
    perform(RevokeMembership, member(account, teammate_user), actor=owner)
    outbox.drain()
    with plane(tenant_a):
        local.refresh_from_db()
    assert not local.is_active
    assert local.get_session_auth_hash() != before
    assert acting(teammate_user).accounts == {}


def test_another_role_holds_in_the_tenants_too(
    owner: Actor,
    account: Account,
    live_tenant: Tenant,
    teammate_user: User,
    tenant_a: Place,
) -> None:
    with plane(tenant_a):
        User.objects.create_user(teammate_user.email, public_id=teammate_user.public_id)
    row = member(account, teammate_user)
    perform(ChangeRole, row, ChangeRoleInput(role=Role.ADMIN), actor=owner)
    outbox.drain()
    with plane(tenant_a):
        local = User.objects.get(public_id=teammate_user.public_id)
        assert local.is_staff
        assert [group.name for group in local.groups.all()] == ["admins"]
