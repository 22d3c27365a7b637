"""The pages of an account's billing: for those whose role lets them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.models import Customer, Subscription
from paybill_site.accounts.models import User
from tenants.models import Account, Membership
from tenants.states import Role
from tests.billing.desk import only_open
from tests.cast import LogIn, browser

PAGES = ["", "invoices/", "next/", "usage/", "methods/", "details/", "credit/"]


@pytest.fixture
def portal(log_in: LogIn, owner_user: User, account: Account) -> Client:
    return log_in(owner_user)


def at(account: Account, page: str = "") -> str:
    return f"/billing/{account.public_id}/{page}"


def test_who_has_one_account_is_there_at_once(portal: Client, account: Account) -> None:
    assert portal.get("/billing/")["Location"] == at(account)


@pytest.mark.parametrize("page", PAGES)
def test_before_the_first_plan_every_page_says_what_will_be_there(
    portal: Client, account: Account, page: str
) -> None:
    shown = portal.get(at(account, page))
    assert shown.status_code == 200
    assert not Customer.objects.exists()


@pytest.mark.parametrize("page", PAGES)
def test_with_a_subscription_the_pages_ask_little(
    portal: Client,
    unpaid: Subscription,
    account: Account,
    page: str,
    django_assert_max_num_queries: Any,
) -> None:
    with django_assert_max_num_queries(30):
        shown = portal.get(at(account, page))
    assert shown.status_code == 200
    assert "Acme" in shown.content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_others_find_nothing(
    page: str,
    account: Account,
    log_in: LogIn,
    outsider_user: User,
    teammate_user: User,
) -> None:
    """A member of the account who does not look after billing is one of them."""
    assert log_in(outsider_user).get(at(account, page)).status_code == 404
    assert log_in(teammate_user).get(at(account, page)).status_code == 404
    there = browser().get(at(account, page))
    assert there["Location"].startswith("/accounts/login/")


def test_whoever_looks_after_billing_alone_sees_it(
    log_in: LogIn, teammate_user: User, unpaid: Subscription, account: Account
) -> None:
    Membership.objects.filter(user=teammate_user.public_id).update(role=Role.BILLING)
    page = log_in(teammate_user).get(at(account)).content.decode()
    assert only_open(unpaid).number in page
    assert "To pay" in page


def test_a_person_without_billing_is_told_how_it_begins(
    log_in: LogIn, teammate_user: User
) -> None:
    page = log_in(teammate_user).get("/billing/").content.decode()
    assert "Nothing is billed to you" in page


DETAILS = {
    "name": "Acme Ltd",
    "email": "bills@example.com",
    "street": "Hauptstrasse 1",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
}


def test_billing_details_are_kept_and_shown_again(
    portal: Client, account: Account
) -> None:
    vat = {"business": "on", "vat_number": "de 136 695 976"}
    saved = portal.post(at(account, "details/"), {**DETAILS, **vat}, follow=True)
    assert "made out to this" in saved.content.decode()
    customer = Customer.objects.get(account=account)
    assert (customer.city, customer.vat_number) == ("Berlin", "DE136695976")
    assert (
        'value="Hauptstrasse 1"' in portal.get(at(account, "details/")).content.decode()
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"country": "XX"}, "Select a valid choice"),
        ({"country": ""}, "required"),
        ({"email": "nobody"}, "no e-mail address"),
        ({"business": "on", "vat_number": "DE136695977"}, "check digits"),
        ({"business": "on", "vat_number": "FR136695976"}, "begins with DE"),
        ({"vat_number": "DE136695976"}, "only a business"),
        ({"name": ""}, "required"),
    ],
)
def test_details_that_do_not_fit_are_said_at_once(
    portal: Client, account: Account, given: dict[str, str], said: str
) -> None:
    answer = portal.post(at(account, "details/"), {**DETAILS, **given})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Customer.objects.exists()


def test_the_time_zone_is_chosen_by_its_name(portal: Client, account: Account) -> None:
    page = portal.get(at(account, "time-zone/")).content.decode()
    assert '<option value="UTC" selected>' in page
    odd = portal.post(at(account, "time-zone/"), {"time_zone": "Mars/Olympus"})
    assert odd.status_code == 422
    chosen = {"time_zone": "America/New_York"}
    saved = portal.post(at(account, "time-zone/"), chosen, follow=True)
    assert "are those of America/New_York from now on" in saved.content.decode()
    account.refresh_from_db()
    assert account.time_zone == "America/New_York"
