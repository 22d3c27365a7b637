"""The portal as people see it: owner, teammate, outsider, stranger."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import Place
from tenants import journey
from tenants.actions import InviteInput, InviteMember, SuspendTenant
from tenants.actions.members import token_for
from tenants.journey import Step, StepState
from tenants.models import Account, Invitation, Membership, Tenant
from tests.cast import LogIn, browser, make_tenant, make_user

PAGES = ["", "progress/", "members/"]


def page_of(tenant: Tenant, page: str = "") -> str:
    return f"/tenants/{tenant.public_id}/{page}"


@pytest.fixture
def at_owners(log_in: LogIn, owner_user: User, account: Account) -> Client:
    return log_in(owner_user)


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_of_a_tenant_are_for_its_people(
    page: str,
    live_tenant: Tenant,
    log_in: LogIn,
    owner_user: User,
    teammate_user: User,
    outsider_user: User,
) -> None:
    path = page_of(live_tenant, page)
    assert log_in(owner_user).get(path).status_code == 200
    assert log_in(teammate_user).get(path).status_code == 200
    assert log_in(outsider_user).get(path).status_code == 404
    assert browser().get(path).status_code == 302


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_of_a_draft_show_too(
    page: str, tenant: Tenant, at_owners: Client
) -> None:
    assert at_owners.get(page_of(tenant, page)).status_code == 200


@pytest.mark.parametrize("name", ["ten_x", "ten_" + "0" * 26, "..", "'", "%00"])
def test_names_of_nothing_are_not_found(at_owners: Client, name: str) -> None:
    assert at_owners.get(f"/tenants/{name}/").status_code in {400, 404}


def test_the_landing_page_is_for_everybody(control: Place, at_owners: Client) -> None:
    assert browser().get("/").status_code == 200
    assert at_owners.get("/")["Location"] == "/tenants/"


def test_the_dashboard_lists_ones_own_tenants_and_no_others(
    tenant: Tenant, log_in: LogIn, owner_user: User, outsider_user: User
) -> None:
    assert tenant.name.encode() in log_in(owner_user).get("/tenants/").content
    assert tenant.name.encode() not in log_in(outsider_user).get("/tenants/").content


def test_the_dashboard_asks_the_database_no_more_for_more_tenants(
    account: Account, at_owners: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make_tenant(account, f"shop-nr-{'abcdefghjkmnpqrtuvwxyz'[number]}")
    with django_assert_max_num_queries(30):
        at_owners.get("/tenants/")


def test_a_newcomer_starts_and_gets_an_account_on_the_way(
    log_in: LogIn, control: Place
) -> None:
    client = log_in(make_user("nora"))
    answer = client.post("/start/", {"name": "Shop", "slug": "shop"})
    tenant = Tenant.objects.get(slug="shop")
    assert answer["Location"] == page_of(tenant, "progress/")
    again = client.post("/start/", {"name": "Shop", "slug": "shop"})
    assert again["Location"] == answer["Location"]
    assert Account.objects.filter(memberships__email="nora@example.com").count() == 1


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "", "slug": "shop"},
        {"name": "x", "slug": "admin"},
        {"name": "x", "slug": "UPPER"},
        {"name": "x" * 200, "slug": "shop"},
        {"name": "x", "slug": "s" * 5000},
        {"name": "x\x00", "slug": "shop"},
        {"name": "x", "slug": "bakery"},
    ],
)
def test_bad_names_are_form_errors(
    given: dict[str, str], tenant: Tenant, at_owners: Client
) -> None:
    answer = at_owners.post("/start/", given)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert Tenant.objects.filter(account=tenant.account).count() == 1


@pytest.mark.parametrize(
    ("slug", "tone"),
    [
        ("free-name", "good"),
        ("bakery", "bad"),
        ("b4kery", "bad"),
        ("a", "bad"),
        ("", ""),
    ],
)
def test_an_address_is_checked_as_one_types(
    slug: str, tone: str, tenant: Tenant
) -> None:
    answer = browser().get("/start/slug/", {"slug": slug})
    assert answer.context["slug_check"]["tone"] == tone


def test_an_owner_invites_and_withdraws(
    tenant: Tenant, at_owners: Client, account: Account
) -> None:
    path = page_of(tenant, "members/")
    asked = {"action": "invite", "email": "nora@example.com", "role": "admin"}
    assert at_owners.post(path, asked).status_code == 302
    invited = Invitation.objects.get(account=account)
    assert b"nora@example.com" in at_owners.get(path).content
    at_owners.post(path, {"action": "remove", "member": invited.public_id})
    invited.refresh_from_db()
    assert invited.state == "withdrawn"


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 300 + "@example.com"])
def test_a_bad_address_is_a_form_error(
    email: str, tenant: Tenant, at_owners: Client
) -> None:
    asked = {"action": "invite", "email": email, "role": "member"}
    answer = at_owners.post(page_of(tenant, "members/"), asked)
    assert answer.status_code == 422
    assert answer.context["form"].errors


def test_a_teammate_sees_the_people_and_can_not_remove_them(
    tenant: Tenant, log_in: LogIn, teammate_user: User, owner_user: User
) -> None:
    path = page_of(tenant, "members/")
    client = log_in(teammate_user)
    assert not client.get(path).context["can_manage"]
    member = Membership.objects.get(user=owner_user.public_id)
    client.post(path, {"action": "remove", "member": member.public_id})
    assert Membership.objects.filter(pk=member.pk).exists()


def test_the_invited_joins_by_a_button_not_by_the_link(
    owner: Actor, account: Account, tenant: Tenant, log_in: LogIn
) -> None:
    invited = perform(
        InviteMember, account, InviteInput(email="nora@example.com"), actor=owner
    ).result
    client = log_in(make_user("nora"))
    path = f"/invitations/{token_for(invited)}/"
    assert client.get(path).status_code == 200
    assert not Membership.objects.filter(email="nora@example.com").exists()
    assert client.post(path).status_code == 302
    assert client.get(page_of(tenant)).status_code == 200
    assert client.get(path).status_code == 410


def test_the_page_says_why_a_tenant_is_suspended(
    live_tenant: Tenant, operator: Actor, at_owners: Client
) -> None:
    perform(SuspendTenant, live_tenant, actor=operator)
    answer = at_owners.get(page_of(live_tenant))
    assert answer.context["suspension"]["reason"] == "by an operator"


def test_progress_is_a_page_and_a_fragment(tenant: Tenant, at_owners: Client) -> None:
    path = page_of(tenant, "progress/")
    whole = at_owners.get(path).content
    part = at_owners.get(path, headers={"HX-Request": "true"}).content
    assert b"<html" in whole
    assert b"<html" not in part
    assert b'id="progress"' in part
    assert b'http-equiv="refresh"' in whole


def test_a_failed_step_says_what_to_do(
    tenant: Tenant, at_owners: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tenant: Tenant) -> list[Step]:
        failed = StepState.FAILED
        return [
            Step(
                name="Pay",
                state=failed,
                detail="Declined.",
                action_label="Try again",
                action_url="/pay/x/",
            )
        ]

    monkeypatch.setattr(journey, "_sources", [(1, "x", broken)])
    answer = at_owners.get(page_of(tenant, "progress/"))
    assert answer.context["state"] == "failed"
    assert b"Declined." in answer.content
    assert b"/pay/x/" in answer.content


def test_polling_ends_when_the_tenant_is_live(
    live_tenant: Tenant, at_owners: Client
) -> None:
    path = page_of(live_tenant, "progress/")
    part = at_owners.get(path, headers={"HX-Request": "true"}).content
    assert b"hx-trigger" not in part
