"""The portal's pages of billing, as people use them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from billing.actions import Subscribe
from billing.dunning.tasks import dun_one
from billing.journey import plan_and_payment
from billing.models import Invoice, Payment, Plan, Subscription
from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import CONTROL, Place, plane
from tenants import offers
from tenants.models import Tenant
from tests.billing.desk import Turn, only_open, sell
from tests.cast import LogIn, browser


@pytest.fixture
def portal(log_in: LogIn, owner_user: User, account: object) -> Client:
    return log_in(owner_user)


def test_a_visitor_sees_the_plans_and_is_asked_to_sign_up(basic: Plan) -> None:
    page = browser().get("/plans/").content.decode()
    assert "Basic" in page
    assert "€30.00" in page
    assert 'type="radio"' not in page


def test_from_the_plans_to_a_new_tenant_and_its_invoice(
    portal: Client, basic: Plan
) -> None:
    assert b'type="radio"' in portal.get("/plans/").content
    chosen = {"plan": "basic", "name": "Flower shop", "slug": "flowers"}
    answer = portal.post("/plans/", chosen)
    invoice = Invoice.objects.get()
    assert answer["Location"] == f"/pay/{invoice.public_id}/"
    assert invoice.tenant is not None
    assert invoice.tenant.slug == "flowers"
    assert (
        portal.post("/plans/", chosen)["Location"] == answer["Location"]
    )  # clicked twice
    assert Tenant.objects.filter(slug="flowers").count() == 1


def test_a_free_plan_leads_to_the_progress(
    portal: Client, free: Plan, tenant: Tenant
) -> None:
    answer = portal.post(f"/plans/?tenant={tenant.public_id}", {"plan": "starter"})
    assert answer["Location"] == f"/tenants/{tenant.public_id}/progress/"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"plan": ""}, "Choose a plan."),
        ({"plan": "nothing"}, "This plan is not on sale."),
        ({"slug": "admin"}, "reserved"),
        ({"slug": "x" * 500}, "at most 40"),
        ({"name": ""}, "required"),
    ],
)
def test_what_does_not_fit_is_said_on_the_form(
    portal: Client, basic: Plan, given: dict[str, str], said: str
) -> None:
    wanted = {"plan": "basic", "name": "Flower shop", "slug": "flowers", **given}
    answer = portal.post("/plans/", wanted)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Invoice.objects.exists()


def test_a_plan_that_can_not_be_built_here_says_why(
    portal: Client, tenant: Tenant, basic: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = "There is no Terraform here."
    monkeypatch.setattr(offers, "_obstacles", [lambda *offer: why])
    assert why in portal.get("/plans/").content.decode()
    address = f"/plans/?tenant={tenant.public_id}"
    answer = portal.post(address, {"plan": "basic"})
    assert answer.status_code == 422
    assert not Subscription.objects.exists()


def test_paying_with_each_test_card(portal: Client, unpaid: Subscription) -> None:
    address = f"/pay/{only_open(unpaid).public_id}/"
    assert "no money moves" in portal.get(address).content.decode()
    declined = portal.post(f"{address}sandbox/", {"card": "test_declined"})
    assert declined.status_code == 422
    assert "The card was declined." in declined.content.decode()
    assert portal.post(f"{address}sandbox/", {"card": "4242"}).status_code == 422
    asked = portal.post(f"{address}sandbox/", {"card": "test_confirm"})
    waiting = Payment.objects.get(state="needs_confirmation")
    assert asked["Location"] == f"/confirm/{waiting.public_id}/"
    assert "Yes, it is me" in portal.get(asked["Location"]).content.decode()
    done = portal.post(asked["Location"], {"answer": "approve"})
    assert done["Location"].endswith("/progress/")
    unpaid.refresh_from_db()
    assert unpaid.state == "active"
    assert portal.get(address).status_code == 302  # nothing left to pay
    again = portal.post(f"{address}sandbox/", {"card": "test_succeeds"})
    assert again.status_code == 422


def test_a_bank_transfer_has_a_reference(portal: Client, unpaid: Subscription) -> None:
    invoice = only_open(unpaid)
    address = f"/pay/{invoice.public_id}/"
    assert "PB-2026-000001" in portal.get(f"{address}?via=manual").content.decode()
    assert portal.get(f"{address}?via=gold").status_code == 404
    assert portal.post(address).status_code == 405


def test_an_invoice_explains_its_amounts(portal: Client, unpaid: Subscription) -> None:
    invoice = only_open(unpaid)
    assert invoice.number in portal.get("/invoices/").content.decode()
    page = portal.get(f"/invoices/{invoice.public_id}/").content.decode()
    assert "Why this amount" in page
    assert "30.00 EUR" in page


def test_strangers_find_nothing(
    log_in: LogIn, outsider_user: User, unpaid: Subscription
) -> None:
    stranger = log_in(outsider_user)
    invoice = only_open(unpaid)
    for address in (
        f"/pay/{invoice.public_id}/",
        f"/invoices/{invoice.public_id}/",
        f"/subscriptions/{unpaid.public_id}/",
        f"/plans/?tenant={unpaid.tenant.public_id}",
        "/pay/nonsense/",
    ):
        assert stranger.get(address).status_code == 404, address
    assert invoice.number not in stranger.get("/invoices/").content.decode()
    assert browser().get("/invoices/")["Location"].startswith("/accounts/login/")


def test_a_change_is_shown_before_it_is_made(
    portal: Client, subscription: Subscription, pro: Plan
) -> None:
    address = f"/subscriptions/{subscription.public_id}/"
    assert "Pro" in portal.get(address).content.decode()
    preview = portal.post(f"{address}change/", {"plan": "pro"}).content.decode()
    assert "€60.00" in preview
    assert subscription.invoices.count() == 1
    made = portal.post(f"{address}change/", {"plan": "pro", "confirm": "yes"})
    assert made["Location"].startswith("/pay/")
    refused = portal.post(f"{address}change/", {"plan": "no such"}, follow=True)
    assert "no such plan on sale" in refused.content.decode()


def test_cancel_and_go_on_after_all(portal: Client, subscription: Subscription) -> None:
    address = f"/subscriptions/{subscription.public_id}/"
    shown = portal.post(f"{address}cancel/", follow=True).content.decode()
    assert "ends with its period" in shown
    shown = portal.post(f"{address}undo-cancel/", follow=True).content.decode()
    assert "goes on" in shown
    assert portal.get(f"{address}cancel/").status_code == 405


def test_owners_are_told_by_mail(owing: Subscription, turn: Turn) -> None:
    turn(timedelta(days=17))
    dun_one(owing.customer.public_id)
    with plane(CONTROL):
        outbox.drain()
    subjects = [message.subject for message in mail.outbox]
    assert "Invoice 2026-000002 for Bakery: 30.00 EUR" in subjects
    assert "Paid: invoice 2026-000001 for Bakery" in subjects
    assert "Access is closed: invoice 2026-000002 for Bakery is not paid" in subjects
    assert all(m.to == ["olivia@example.com"] for m in mail.outbox)


def test_the_progress_page_knows_what_to_pay(
    control: Place, tenant: Tenant, owner: Actor, basic: Plan
) -> None:
    assert [step.action_label for step in plan_and_payment(tenant)] == ["Choose a plan"]
    perform(Subscribe, tenant, {"plan": "basic"}, actor=owner)
    chosen, payment = plan_and_payment(tenant)
    assert (chosen.state, payment.state) == ("done", "active")
    assert payment.action_url == f"/pay/{Invoice.objects.get().public_id}/"


def test_a_plan_with_several_regions_leaves_the_choice(
    portal: Client, free: Plan
) -> None:
    sell("far", regions=["eu-central-1", "eu-west-1"])
    assert "eu-west-1" in portal.get("/plans/").content.decode()
    wanted = {"plan": "far", "name": "Far", "slug": "far", "region": "eu-west-1"}
    wrong = portal.post("/plans/", {**wanted, "plan": "starter"})
    assert "is not offered in eu-west-1" in wrong.content.decode()
    assert portal.post("/plans/", wanted).status_code == 302
    assert Subscription.objects.get().region == "eu-west-1"
