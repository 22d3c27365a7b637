"""The page of a subscription: everything is shown before it is done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing import clock
from billing.actions import Subscribe
from billing.models import Plan, Subscription
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Account, Tenant
from tests.billing.desk import Turn, only_open, pay_in_full, sell
from tests.cast import LogIn


def card(unit: str) -> dict[str, Any]:
    return {"price": {"model": "per_unit", "unit_amount": unit}}


@pytest.fixture
def portal(log_in: LogIn, owner_user: User, account: Account) -> Client:
    return log_in(owner_user)


@pytest.fixture
def grown(control: object) -> Plan:
    """30.00 a month and 8.00 for each seat, with an add-on of 5.00."""
    sell(
        "extra",
        None,
        kind="addon",
        beside=["grown"],
        prices=[{"code": "base", "kind": "seat", "card": card("5")}],
    )
    seats = {"code": "seats", "kind": "seat", "card": card("8")}
    return sell("grown", prices=[seats])


@pytest.fixture
def seated(turn: Turn, tenant: Tenant, owner: Actor, grown: Plan) -> Subscription:
    """In force with two seats, paid."""
    wanted = {"plan": "grown", "seats": {"seats": 2}}
    made = perform(Subscribe, tenant, wanted, actor=owner).result
    pay_in_full(only_open(made))
    made.refresh_from_db()
    return made


def at(subscription: Subscription, page: str = "") -> str:
    return f"/subscriptions/{subscription.public_id}/{page}"


def test_the_page_says_what_is_billed(portal: Client, seated: Subscription) -> None:
    page = portal.get(at(seated)).content.decode()
    assert "€8.00 for each seat a month" in page
    assert "2</span>" in page
    assert "extra" in page.lower()


def test_more_seats_cost_for_the_rest_of_the_period_and_are_paid_first(
    portal: Client, seated: Subscription, turn: Turn
) -> None:
    half = (seated.period_end - seated.period_start) / 2
    turn(half)
    asked = {"what": "seats", "seats-seats": "5", "when": "default"}
    shown = portal.post(at(seated, "change/"), asked).content.decode()
    assert "What the change brings" in shown
    assert "€12.00" in shown  # 3 more for half of a month
    assert seated.invoices.count() == 1
    made = portal.post(at(seated, "change/"), {**asked, "confirm": "yes"})
    assert made["Location"] == f"/pay/{only_open(seated).public_id}/"
    assert only_open(seated).total == 1200


def test_fewer_seats_come_with_the_next_period(
    portal: Client, seated: Subscription
) -> None:
    asked = {"what": "seats", "seats-seats": "1"}
    shown = portal.post(at(seated, "change/"), asked).content.decode()
    assert "Nothing to pay now" in shown
    done = portal.post(at(seated, "change/"), {**asked, "confirm": "yes"}, follow=True)
    assert "The change is made." in done.content.decode()


def test_an_addon_is_taken(portal: Client, seated: Subscription) -> None:
    asked = {"what": "addon", "addon": "extra", "quantity": "3"}
    shown = portal.post(at(seated, "change/"), asked).content.decode()
    assert "€15.00" in shown
    made = portal.post(at(seated, "change/"), {**asked, "confirm": "yes"})
    assert made["Location"].startswith("/pay/")


@pytest.mark.parametrize(
    "asked",
    [
        {"what": "seats", "seats-seats": "-1"},
        {"what": "seats", "seats-seats": "9" * 30},
        {"what": "seats", "seats-nothing": "1"},
        {"what": "addon", "addon": "nothing", "quantity": "1"},
        {"what": "addon", "addon": "grown", "quantity": "1"},
        {"what": "plan", "plan": ""},
        {"what": "everything"},
        {"what": "seats", "seats-seats": "3", "when": "yesterday"},
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(
    portal: Client, seated: Subscription, asked: dict[str, str]
) -> None:
    answer = portal.post(at(seated, "change/"), asked, follow=True)
    assert "Error:" in answer.content.decode()
    assert seated.invoices.count() == 1


def test_pause_and_go_on(portal: Client, seated: Subscription) -> None:
    shown = portal.post(at(seated, "pause/"), follow=True).content.decode()
    assert "is paused" in shown
    assert "Go on now" in shown
    seated.refresh_from_db()
    assert seated.state == "paused"
    portal.post(at(seated, "resume/"))
    seated.refresh_from_db()
    assert seated.state == "active"


def test_end_at_once_and_have_it_again(portal: Client, seated: Subscription) -> None:
    shown = portal.post(at(seated, "cancel/"), {"when": "now"}, follow=True)
    assert "has ended" in shown.content.decode()
    assert "Have it again" in shown.content.decode()
    portal.post(at(seated, "reactivate/"))
    seated.refresh_from_db()
    assert seated.state == "active"


def test_members_see_what_it_is_and_no_prices(
    log_in: LogIn, teammate_user: User, seated: Subscription
) -> None:
    member = log_in(teammate_user)
    page = member.get(at(seated)).content.decode()
    assert "Grown" in page
    assert "€" not in page
    assert "Cancel" not in page
    asked = {"what": "seats", "seats-seats": "5", "confirm": "yes"}
    refused = member.post(at(seated, "change/"), asked, follow=True)
    assert "Error:" in refused.content.decode()
    asked.pop("confirm")  # a preview tells prices, discounts and credit, too
    tried = member.post(at(seated, "change/"), asked, follow=True).content.decode()
    assert "Error:" in tried
    assert "€" not in tried
    assert "What the change brings" not in tried
    assert member.post(at(seated, "pause/"), follow=True).status_code == 200
    seated.refresh_from_db()
    assert seated.state == "active"


def test_others_and_unknown_buttons_find_nothing(
    log_in: LogIn, outsider_user: User, portal: Client, seated: Subscription
) -> None:
    other = log_in(outsider_user)
    assert other.get(at(seated)).status_code == 404
    assert other.post(at(seated, "pause/")).status_code == 404
    assert portal.post(at(seated, "explode/")).status_code == 404
    assert portal.get(at(seated, "pause/")).status_code == 405


def test_who_does_not_pay_reads_what_happens_when(
    portal: Client, owing: Subscription, turn: Turn, account: Account
) -> None:
    turn(timedelta(days=8))
    number = only_open(owing).number
    for page in (at(owing), f"/billing/{account.public_id}/"):
        shown = portal.get(page).content.decode()
        assert f"Invoice {number} is not paid" in shown
        assert "Access is closed. All data is kept." in shown


def test_the_page_asks_little(
    portal: Client, seated: Subscription, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(26):
        portal.get(at(seated))


def test_the_next_invoice_is_told_line_by_line(
    portal: Client, seated: Subscription, account: Account
) -> None:
    page = portal.get(f"/billing/{account.public_id}/next/").content.decode()
    assert "€46.00" in page  # 30 and 2 times 8
    assert f"{seated.period_end:%B %Y}" in page
    assert clock.now() < seated.period_end
