"""A paying customer's tenant from the order to its end, through the public pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from billing import clock
from billing.dunning.tasks import dun_one, waiting
from billing.keeping import close_over
from billing.models import Invoice, Subscription
from billing.tasks import bill_one
from paybill_site.accounts.models import User
from paybill_site.kernel import outbox
from paybill_site.kernel.models import AuditEntry, Delivery, DeliveryState
from paybill_site.kernel.planes import CONTROL, plane
from tenants.models import Account, Placement, Tenant
from tenants.routing import forget_hosts
from tenants.states import PlacementState, TenantState
from tests.billing.desk import Turn, sell
from tests.cast import LogIn, browser

HOST = "petals.localhost"


def settle() -> None:
    """What the workers would do by now."""
    with plane(CONTROL):
        for _ in range(4):
            outbox.drain()
    forget_hosts()


def follow(to: Client, answer: Any) -> Any:
    """Go where an answer sends the browser."""
    parts = urlsplit(answer["Location"])
    return to.get(f"{parts.path}?{parts.query}")


@pytest.fixture
def turn(control: object) -> Iterator[Turn]:
    """Move the clock that billing goes by, and let it do what is due."""
    with ExitStack() as stack:

        def forward(by: timedelta) -> datetime:
            moment = stack.enter_context(clock.at(clock.now() + by))
            for subscription in Subscription.objects.filter(next_at__lte=moment):
                bill_one(subscription.public_id)
            for customer in waiting():
                dun_one(customer.public_id)
            close_over()
            settle()
            return moment

        yield forward


@pytest.fixture
def portal(log_in: LogIn, owner_user: User, account: Account) -> Client:
    sell("basic", 3000)
    return log_in(owner_user)


@pytest.fixture
def invoice(portal: Client) -> Invoice:
    """The first invoice of a tenant that was just ordered."""
    wanted = {"plan": "basic", "name": "Petals", "slug": "petals"}
    ordered = portal.post("/plans/", wanted)
    found = Invoice.objects.get()
    assert ordered["Location"] == f"/pay/{found.public_id}/"
    return found


@pytest.fixture
def petals(portal: Client, invoice: Invoice) -> Tenant:
    """Live: paid with the card that succeeds."""
    pay(portal, invoice)
    return Tenant.objects.get(slug="petals")


def pay(portal: Client, invoice: Invoice) -> Any:
    card = {"card": "test_succeeds"}
    answer = portal.post(f"/pay/{invoice.public_id}/sandbox/", card)
    settle()
    return answer


def enter(portal: Client) -> Client:
    """A browser that came in by the entry flow."""
    inside = browser(HOST)
    follow(inside, follow(portal, inside.get("/entry/")))
    return inside


def test_a_card_opens_the_tenant(portal: Client, invoice: Invoice) -> None:
    progress = pay(portal, invoice)["Location"]
    assert portal.get(progress).context["state"] == "done"
    assert enter(portal).get("/").context["user"].email == "olivia@example.com"


def test_a_transfer_opens_the_tenant_once_the_operator_saw_it(
    portal: Client, invoice: Invoice, log_in: LogIn, operator_user: User
) -> None:
    desk = log_in(operator_user)
    page = f"/operators/billing/invoice/{invoice.pk}/change/"
    press = {
        "CHANGE_FORM-action": "billing.mark_invoice_paid",
        "_selected_action": str(invoice.pk),
        "CHANGE_FORM-select_across": "0",
    }
    asked = desk.post(page, press)
    assert b"What it would do" in asked.content or b"Acts on" in asked.content
    settle()
    assert browser(HOST).get("/").status_code == 404

    form = asked.context["form"]
    given = {name: form[name].value() or "" for name in form.fields}
    given |= {"reference": "bank 4711", "confirm": "yes"}
    booked = desk.post(page, {**press, **given})
    assert booked.status_code == 302, booked.content
    settle()
    assert browser(HOST).get("/").status_code == 200
    entry = AuditEntry.objects.get(action="billing.mark_invoice_paid", outcome="done")
    assert entry.actor == operator_user.public_id


def test_who_does_not_pay_is_closed_out_and_who_pays_is_let_in_again(
    portal: Client, petals: Tenant, turn: Turn, mailoutbox: list[Any]
) -> None:
    inside = enter(portal)
    turn(timedelta(days=32))
    assert inside.get("/").status_code == 200  # grace
    turn(timedelta(days=18))
    petals.refresh_from_db()
    assert petals.state == TenantState.SUSPENDED
    closed = inside.get("/")
    assert closed.status_code == 403
    assert b"suspended" in closed.content
    program = inside.get("/api/agents/tools")
    assert program["Content-Type"] == "application/problem+json"
    assert program.json()["code"] == "suspended"
    assert Placement.objects.get(tenant=petals).state == PlacementState.TAKEN

    page = portal.get(f"/tenants/{petals.public_id}/")
    assert page.context["suspension"]["url"]
    due = Invoice.objects.get(state="open")
    assert page.context["suspension"]["url"].startswith(f"/pay/{due.public_id}/")
    pay(portal, due)
    petals.refresh_from_db()
    assert petals.state == TenantState.LIVE
    assert enter(portal).get("/").status_code == 200
    subjects = [mail.subject for mail in mailoutbox]
    assert any("suspended" in subject for subject in subjects)


def test_a_tenant_is_closed_and_its_address_leads_nowhere(
    portal: Client, petals: Tenant, turn: Turn
) -> None:
    inside = enter(portal)
    subscription = Subscription.objects.get()
    page = f"/subscriptions/{subscription.public_id}/"
    form = portal.get(page)
    assert form.status_code == 200
    given = {"when": "now", "reason": "other", "confirm": "yes", "because": "over"}
    answer = portal.post(f"{page}cancel/", given)
    assert answer.status_code == 302, answer.content
    turn(timedelta(days=40))
    petals.refresh_from_db()
    assert petals.state == TenantState.CLOSED
    assert inside.get("/").status_code == 404
    assert inside.get("/api/agents/tools").json()["code"] == "unknown_host"
    assert not Placement.objects.filter(
        tenant=petals, state=PlacementState.TAKEN
    ).exists()
    assert not Delivery.objects.filter(state=DeliveryState.DEAD).exists()
    assert portal.get(f"/tenants/{petals.public_id}/").status_code == 200
