"""Ordering with all that can be chosen, and with what tax has to know first."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.actions.coupons import AddPromotionCode, CreateCoupon
from billing.models import Customer, Invoice, Plan, Redemption, Subscription
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from tenants.models import Account, Tenant
from tests.billing.desk import sell
from tests.cast import LogIn, browser

MARKETING = actors.system(
    "marketing",
    "billing.add_coupon",
    "billing.view_coupon",
    "billing.add_promotioncode",
)
TO = {"to-name": "Acme Ltd", "to-country": "DE", "to-city": "Berlin"}
NAMED = {"name": "Flower shop", "slug": "flowers"}


@pytest.fixture
def portal(log_in: LogIn, owner_user: User, account: Account) -> Client:
    return log_in(owner_user)


@pytest.fixture
def grown(control: object) -> Plan:
    seat = {"price": {"model": "per_unit", "unit_amount": "8"}}
    seats = {"code": "seats", "kind": "seat", "card": seat}
    return sell("grown", prices=[seats], regions=["north", "south"])


@pytest.fixture
def code(control: object) -> str:
    off = {"name": "Welcome", "percent": "50", "duration": "once"}
    coupon = perform(CreateCoupon, None, off, actor=MARKETING).result
    perform(AddPromotionCode, coupon, {"code": "WELCOME"}, actor=MARKETING)
    return "welcome"


CHOSEN = {"seats-seats": "3", "region": "south"}


def test_everything_in_one_order(portal: Client, grown: Plan, code: str) -> None:
    page = portal.get("/plans/grown/order/").content.decode()
    assert "€8.00 for each seat a month" in page
    order = {**NAMED, **TO, **CHOSEN, "code": code}
    answer = portal.post("/plans/grown/order/", order)
    invoice = Invoice.objects.get()
    assert answer["Location"] == f"/pay/{invoice.public_id}/"
    assert (invoice.subtotal, invoice.discount) == (5400, 2700)
    assert Subscription.objects.get().region == "south"
    customer = Customer.objects.get()
    assert (customer.name, customer.country) == ("Acme Ltd", "DE")
    # Pressed twice, it is the same order.
    assert portal.post("/plans/grown/order/", order)["Location"] == answer["Location"]
    assert Redemption.objects.count() == Invoice.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"code": "NOTHING"}, "code"),
        ({"seats-seats": "-2"}, "greater than or equal to 0"),
        ({"region": "moon"}, "valid choice"),
        ({"to-country": ""}, "required"),
        ({"to-business": "on", "to-vat_number": "DE1"}, "VAT number"),
        ({"slug": "admin"}, "reserved"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_sold(
    portal: Client, grown: Plan, given: dict[str, str], said: str
) -> None:
    order = {**NAMED, **TO, **CHOSEN, **given}
    answer = portal.post("/plans/grown/order/", order)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Subscription.objects.exists()


def test_where_tax_is_charged_the_customer_is_known_first(
    portal: Client, basic: Plan, tenant: Tenant, settings: Any
) -> None:
    settings.PAYBILL_SELLER = {**settings.PAYBILL_SELLER, "country": "DE"}
    address = f"/plans/?tenant={tenant.public_id}"
    answer = portal.post(address, {"plan": "basic"})
    ordering = f"/plans/basic/order/?tenant={tenant.public_id}"
    assert answer["Location"] == ordering
    assert not Invoice.objects.exists()
    assert "Tax follows" in portal.get(ordering).content.decode()
    assert portal.post(ordering, TO)["Location"].startswith("/pay/")
    invoice = Invoice.objects.get()
    assert invoice.tax > 0
    page = portal.get(f"/invoices/{invoice.public_id}/").content.decode()
    assert "19%" in page


def test_a_free_plan_asks_for_no_address(portal: Client, free: Plan) -> None:
    page = portal.get("/plans/starter/order/").content.decode()
    assert "Whom invoices are for" not in page
    answer = portal.post("/plans/starter/order/", NAMED)
    assert answer["Location"].endswith("/progress/")


def test_strangers_log_in_first(grown: Plan) -> None:
    there = browser().get("/plans/grown/order/")
    assert there["Location"].startswith("/accounts/login/")
    assert browser().get("/plans/nothing/").status_code == 404


def test_codes_and_credit_are_had_later_too(
    portal: Client, unpaid: Subscription, account: Account, code: str
) -> None:
    credit = f"/billing/{account.public_id}/credit/"
    shown = portal.post(f"{credit}code/", {"code": code}, follow=True).content.decode()
    assert "taken off your invoices" in shown
    assert "Welcome" in shown
    again = portal.post(f"{credit}code/", {"code": code}, follow=True).content.decode()
    assert "Error:" in again
    bought = portal.post(f"{credit}buy/", {"amount": "50"})
    assert bought["Location"].startswith("/pay/")
    refused = portal.post(f"{credit}buy/", {"amount": "-1"}, follow=True)
    assert "above zero" in refused.content.decode()
