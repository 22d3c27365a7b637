"""Tenants from draft to closed, and who may do what to them."""

from __future__ import annotations

import pytest

from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove, NotFound
from paybill_site.kernel.models import AuditEntry, Transition, reference
from tenants.actions import (
    AccountInput,
    CloseTenant,
    OpenAccount,
    ResumeTenant,
    StartInput,
    StartTenant,
    SuspendTenant,
)
from tenants.errors import SlugRefused, SlugTaken
from tenants.models import Account, Membership, Tenant
from tenants.states import Role, Suspension, TenantState
from tests.cast import acting, make_user


def test_whoever_opens_an_account_owns_it(control: object) -> None:
    newcomer = make_user("nora")
    made = perform(
        OpenAccount, None, AccountInput(name="Nora Ltd"), actor=acting(newcomer)
    )
    member = Membership.objects.get(account=made.result)
    assert (member.user, member.role) == (newcomer.public_id, Role.OWNER)


def test_a_repeat_under_the_same_key_opens_no_second_account(control: object) -> None:
    actor = acting(make_user("nora"))
    data = AccountInput(name="Nora Ltd")
    first = perform(OpenAccount, None, data, actor=actor, key="k")
    again = perform(OpenAccount, None, data, actor=actor, key="k")
    assert again.repeated
    assert again.result == first.result


def test_an_owner_drafts_a_tenant(owner: Actor, account: Account) -> None:
    made = perform(
        StartTenant, account, StartInput(name="Shop", slug="shop"), actor=owner
    )
    assert made.result.state == TenantState.DRAFT
    assert AuditEntry.objects.filter(chain=made.result.public_id).count() == 1


def test_two_tenants_never_share_an_address(
    owner: Actor, account: Account, tenant: Tenant
) -> None:
    with pytest.raises(SlugTaken):
        perform(
            StartTenant, account, StartInput(name="x", slug=tenant.slug), actor=owner
        )


def test_an_address_that_reads_like_another_is_refused(
    owner: Actor, account: Account, tenant: Tenant
) -> None:
    with pytest.raises(SlugTaken, match="reads like"):
        perform(StartTenant, account, StartInput(name="x", slug="b4kery"), actor=owner)


def test_a_reserved_address_is_refused(owner: Actor, account: Account) -> None:
    with pytest.raises(SlugRefused, match="reserved"):
        perform(StartTenant, account, StartInput(name="x", slug="paybi11"), actor=owner)


def test_a_teammate_may_not_draft_tenants(teammate: Actor, account: Account) -> None:
    with pytest.raises(Forbidden):
        perform(StartTenant, account, StartInput(name="x", slug="xyz"), actor=teammate)


def test_an_outsider_finds_no_account(outsider: Actor, account: Account) -> None:
    with pytest.raises(NotFound):
        perform(StartTenant, account, StartInput(name="x", slug="xyz"), actor=outsider)


def test_an_operator_suspends_and_resumes(operator: Actor, live_tenant: Tenant) -> None:
    perform(SuspendTenant, live_tenant, actor=operator, reason="abuse")
    live_tenant.refresh_from_db()
    assert live_tenant.suspension == Suspension.OPERATOR
    moved = Transition.objects.get(target=reference(live_tenant), new="suspended")
    assert moved.reason == "abuse"
    perform(ResumeTenant, live_tenant, actor=operator)
    live_tenant.refresh_from_db()
    assert (live_tenant.state, live_tenant.suspension) == ("live", "")


def test_an_owner_can_not_lift_a_suspension(
    owner: Actor, operator: Actor, live_tenant: Tenant
) -> None:
    perform(SuspendTenant, live_tenant, actor=operator)
    with pytest.raises(Forbidden):
        perform(ResumeTenant, live_tenant, actor=owner)


def test_a_refusal_is_recorded(owner: Actor, live_tenant: Tenant) -> None:
    with pytest.raises(Forbidden):
        perform(SuspendTenant, live_tenant, actor=owner)
    entry = AuditEntry.objects.get(chain=live_tenant.public_id)
    assert (entry.outcome, entry.actor) == ("denied", owner.id)


def test_a_draft_closes_at_once_and_frees_its_address(
    owner: Actor, account: Account, tenant: Tenant
) -> None:
    perform(CloseTenant, tenant, actor=owner)
    tenant.refresh_from_db()
    assert tenant.state == TenantState.CLOSED
    again = StartInput(name="Bakery", slug=tenant.slug)
    assert perform(StartTenant, account, again, actor=owner).result != tenant


def test_a_closed_tenant_stays_closed(owner: Actor, tenant: Tenant) -> None:
    perform(CloseTenant, tenant, actor=owner)
    with pytest.raises(IllegalMove):
        perform(CloseTenant, tenant, actor=owner)


def test_a_rehearsal_shows_and_changes_nothing(
    owner: Actor, live_tenant: Tenant
) -> None:
    shown = rehearse(CloseTenant, live_tenant, actor=owner)
    assert {"field": "state", "before": "live", "after": "closing"}.items() <= next(
        c for c in shown.changes if c["field"] == "state"
    ).items()
    assert [e["name"] for e in shown.events] == ["tenants.tenant_closing"]
    live_tenant.refresh_from_db()
    assert live_tenant.state == TenantState.LIVE


def test_owners_hear_of_a_suspension(
    owner_user: User, operator: Actor, live_tenant: Tenant, mailoutbox: list[object]
) -> None:
    perform(SuspendTenant, live_tenant, actor=operator)
    outbox.drain()
    (mail,) = mailoutbox
    assert mail.to == [owner_user.email]  # type: ignore[attr-defined]
    assert "suspended" in mail.subject  # type: ignore[attr-defined]
