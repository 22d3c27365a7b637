"""Tenants and their people over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from paybill_site.accounts.models import User
from tenants.models import Account, Membership, Tenant
from tests.cast import LogIn, browser

LISTS = ["accounts", "tenants", "domains", "memberships", "invitations"]


@pytest.mark.parametrize("name", LISTS)
def test_lists_hold_ones_own_rows_only(
    name: str,
    live_tenant: Tenant,
    log_in: LogIn,
    owner_user: User,
    outsider_user: User,
) -> None:
    mine = log_in(owner_user).get(f"/api/{name}").json()["results"]
    theirs = log_in(outsider_user).get(f"/api/{name}").json()["results"]
    assert not {row["id"] for row in mine} & {row["id"] for row in theirs}


@pytest.mark.parametrize("name", LISTS)
def test_strangers_are_asked_who_they_are(name: str, control: object) -> None:
    answer = browser().get(f"/api/{name}")
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


def test_a_foreign_tenant_is_not_found(
    tenant: Tenant, log_in: LogIn, outsider_user: User
) -> None:
    answer = log_in(outsider_user).get(f"/api/tenants/{tenant.public_id}")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_an_operator_suspends_with_a_key(
    live_tenant: Tenant, log_in: LogIn, operator_user: User
) -> None:
    client = log_in(operator_user)
    path = f"/api/tenants/{live_tenant.public_id}/suspend"
    key = {"Idempotency-Key": "one"}
    for _ in range(2):
        answer = client.post(path, {}, "application/json", headers=key)
        assert answer.status_code == 200
        assert answer.json()["state"] == "suspended"
    again = client.post(path, {}, "application/json")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_move")


def test_an_owner_may_not_suspend_and_hears_why(
    live_tenant: Tenant, log_in: LogIn, owner_user: User
) -> None:
    path = f"/api/tenants/{live_tenant.public_id}/suspend"
    answer = log_in(owner_user).post(path, {}, "application/json")
    assert answer.status_code == 403
    assert answer.json()["rule"] == "permission"


def test_a_dry_run_shows_what_closing_would_do(
    live_tenant: Tenant, log_in: LogIn, owner_user: User
) -> None:
    path = f"/api/tenants/{live_tenant.public_id}/close?dry_run=true"
    shown = log_in(owner_user).post(path, {}, "application/json").json()
    assert shown["dry_run"]
    live_tenant.refresh_from_db()
    assert live_tenant.state == "live"


@pytest.mark.parametrize(
    "body",
    [{}, {"name": 1, "slug": "shop"}, {"name": "x"}, [], "x", {"slug": "x" * 99}],
)
def test_bad_bodies_are_problems(
    body: Any, account: Account, log_in: LogIn, owner_user: User
) -> None:
    path = f"/api/accounts/{account.public_id}/tenants"
    answer = log_in(owner_user).post(path, body, "application/json")
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"


def test_removing_a_member_by_rest(
    account: Account, teammate_user: User, log_in: LogIn, owner_user: User
) -> None:
    member = Membership.objects.get(user=teammate_user.public_id)
    path = f"/api/memberships/{member.public_id}/revoke"
    answer = log_in(owner_user).post(path, {}, "application/json")
    assert answer.json() == {"id": member.public_id, "state": "revoked"}


def test_a_write_without_the_csrf_token_is_refused(
    tenant: Tenant, log_in: LogIn, owner_user: User
) -> None:
    strict = Client(SERVER_NAME=settings.CONTROL_HOST, enforce_csrf_checks=True)
    strict.cookies = log_in(owner_user).cookies
    path = f"/api/tenants/{tenant.public_id}/close"
    assert strict.post(path, {}, "application/json").status_code == 403
