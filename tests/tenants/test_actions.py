"""What holds for every action of this room, by the inherited suite."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants import actions
from tenants.models import Account, Invitation, Membership, Tenant
from tenants.states import Role
from tests.suites import ActionSuite


class OfLiveTenant(ActionSuite):
    @pytest.fixture
    def target(self, live_tenant: Tenant) -> Tenant:
        return live_tenant


class TestSuspendTenant(OfLiveTenant):
    action = actions.SuspendTenant
    allowed = ("operator",)
    forbidden = ("owner", "teammate")


class TestCloseTenant(OfLiveTenant):
    action = actions.CloseTenant
    allowed = ("owner", "operator")
    forbidden = ("teammate",)


class TestResumeTenant(OfLiveTenant):
    action = actions.ResumeTenant
    allowed = ("operator",)
    forbidden = ("owner", "teammate")

    @pytest.fixture
    def target(self, live_tenant: Tenant, operator: Actor) -> Tenant:
        perform(actions.SuspendTenant, live_tenant, actor=operator)
        return Tenant.objects.get(pk=live_tenant.pk)


class TestIssueEntry(OfLiveTenant):
    action = actions.IssueEntry
    data = {"host": "ta.localhost", "challenge": "c" * 43, "state": "s" * 43}
    allowed = ("owner", "teammate")
    forbidden = ("operator",)

    def test_the_same_key_twice_is_one_effect(self, target: Any, first: Actor) -> None:
        """A code is never repeated: it is in no stored output."""
        once = perform(self.action, target, self.data, actor=first)
        again = perform(self.action, target, self.data, actor=first)
        assert once.output == again.output == {}
        assert once.result != again.result


class OfAccount(ActionSuite):
    allowed = ("owner", "operator")
    forbidden = ("teammate",)

    @pytest.fixture
    def target(self, account: Account) -> Account:
        return account


class TestStartTenant(OfAccount):
    action = actions.StartTenant
    data = {"name": "Shop", "slug": "shop"}


class TestInviteMember(OfAccount):
    action = actions.InviteMember
    data = {"email": "nora@example.com", "role": "admin"}


class TestChangeRole(ActionSuite):
    action = actions.ChangeRole
    data = {"role": "admin"}
    allowed = ("owner", "operator")
    forbidden = ("teammate",)

    @pytest.fixture
    def target(self, account: Account, teammate_user: User) -> Membership:
        return Membership.objects.get(account=account, user=teammate_user.public_id)


class TestRevokeMembership(ActionSuite):
    action = actions.RevokeMembership
    allowed = ("owner", "operator")
    forbidden = ("teammate",)

    @pytest.fixture
    def target(self, account: Account, teammate_user: User) -> Membership:
        return Membership.objects.get(account=account, user=teammate_user.public_id)


class TestWithdrawInvitation(ActionSuite):
    action = actions.WithdrawInvitation
    allowed = ("owner", "operator")
    unknown = ("outsider", "agent", "teammate")

    @pytest.fixture
    def target(self, account: Account) -> Invitation:
        return Invitation.objects.create(
            account=account,
            email="nora@example.com",
            role=Role.MEMBER,
            invited_by=account.created_by,
            expires_at=timezone.now() + timedelta(days=1),
        )
