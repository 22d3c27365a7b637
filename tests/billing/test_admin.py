"""Operators at work: what they see of billing, and the buttons they press."""

from __future__ import annotations

import pytest
from django.contrib.admin import ActionLocation
from django.test import Client

from billing.models import Invoice, Plan, Subscription
from paybill_site.accounts.models import User
from tests.billing.desk import only_open
from tests.cast import LogIn

ADMIN = "/operators/billing"


@pytest.fixture
def desk(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


@pytest.mark.parametrize(
    "name", ["plan", "subscription", "invoice", "payment", "clockoffset"]
)
def test_every_list_opens(desk: Client, subscription: Subscription, name: str) -> None:
    assert desk.get(f"{ADMIN}/{name}/").status_code == 200


def test_every_page_links_to_its_neighbours(
    desk: Client, subscription: Subscription
) -> None:
    invoice = subscription.invoices.get()
    for row, address in (
        (subscription.plan, "plan"),
        (subscription, "subscription"),
        (invoice, "invoice"),
        (invoice.payments.get(), "payment"),
    ):
        page = desk.get(f"{ADMIN}/{address}/{row.pk}/change/")
        assert page.status_code == 200
        assert "See also" in page.content.decode()


def test_an_invoice_is_marked_paid_on_its_page(
    desk: Client, unpaid: Subscription
) -> None:
    invoice = only_open(unpaid)
    address = f"{ADMIN}/invoice/{invoice.pk}/change/"
    assert "Mark invoice paid" in desk.get(address).content.decode()
    press = {
        f"{ActionLocation.CHANGE_FORM.value}-action": "billing.mark_invoice_paid",
        "_selected_action": str(invoice.pk),
        "index": "0",
    }
    asked = desk.post(address, press)
    assert "reference" in asked.content.decode()
    desk.post(address, {**press, "confirm": "yes", "reference": "bank 7", "amount": ""})
    unpaid.refresh_from_db()
    assert unpaid.state == "active"


def test_open_invoices_wait_on_the_index(desk: Client, unpaid: Subscription) -> None:
    assert "Open invoices" in desk.get("/operators/").content.decode()


def test_customers_do_not_see_the_desk(
    log_in: LogIn, owner_user: User, unpaid: Subscription
) -> None:
    answer = log_in(owner_user).get(f"{ADMIN}/invoice/")
    assert answer.status_code in {302, 403, 404}
    assert Invoice.objects.get().number not in answer.content.decode()


def test_a_plan_is_put_on_sale_by_its_form(desk: Client) -> None:
    address = f"{ADMIN}/plan/add/"
    form = desk.get(address).content.decode()
    assert 'name="currency"' in form
    terms = {
        "code": "desk",
        "name": "Desk",
        "price": "1200",
        "currency": "EUR",
        "interval": "month",
        "interval_count": "1",
        "isolation": "pooled",
        "regions": "local",
        "limits": '{"agents": 3}',
        "confirm": "yes",
    }
    wrong = desk.post(address, {**terms, "currency": "XXX"}).content.decode()
    assert "no currency" in wrong
    desk.post(address, terms)
    assert Plan.objects.get(code="desk").limits == {"agents": 3}
