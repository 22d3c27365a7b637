"""REST shows what is to come, what a subscription is made of, and what was used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.actions import Subscribe
from billing.models import Invoice, Subscription
from billing.rating.usage import Aggregation
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.keys.actions import CreateKey
from tenants.models import Account, Tenant
from tests.billing.catalogue.samples import card, seats, usage
from tests.billing.desk import Turn, only_open, pay_in_full, sell
from tests.billing.usage.desk import a_meter, an_event, send
from tests.cast import LogIn


@pytest.fixture
def seated(turn: Turn, tenant: Tenant, owner: Actor) -> Subscription:
    """30.00 and two seats of 8.00 a month, with calls at 0.10 that are used."""
    a_meter(Aggregation.SUM, "calls")
    each = card("per_unit", unit_amount="8")
    calls = usage("calls", card("per_unit", unit_amount="0.1"), meter="calls")
    sell("grown", prices=[seats("seats", each), calls])
    wanted = {"plan": "grown", "seats": {"seats": 2}}
    made: Subscription = perform(Subscribe, tenant, wanted, actor=owner).result
    pay_in_full(only_open(made))
    made.refresh_from_db()
    return made


@pytest.fixture
def program(account: Account, owner: Actor) -> Client:
    scopes = ["billing:read", "usage:read"]
    asked = {"name": "Reader", "scopes": scopes}
    key = perform(CreateKey, account, asked, actor=owner).result
    headers = {"authorization": f"Bearer {key.secret}"}
    return Client(SERVER_NAME="localhost", headers=headers)


def test_the_next_invoice_is_told_and_not_written(
    program: Client, seated: Subscription
) -> None:
    written = Invoice.objects.count()
    asked = f"/api/customers/{seated.customer.public_id}/next-invoice"
    coming: dict[str, Any] = program.get(asked).json()["invoice"]
    assert (coming["total"], coming["due"], coming["currency"]) == (4600, 4600, "EUR")
    assert {line["amount"] for line in coming["lines"]} >= {3000, 1600}
    assert coming["at"].startswith(f"{seated.period_end:%Y-%m-%d}")
    assert Invoice.objects.count() == written


def test_a_subscription_says_what_it_is_made_of(
    program: Client, seated: Subscription
) -> None:
    shown = program.get(f"/api/subscriptions/{seated.public_id}").json()
    parts = {item["price"]: item for item in shown["items"]}
    assert set(parts) == {"base", "seats", "calls"}
    assert (parts["seats"]["kind"], parts["seats"]["plan"]) == ("seat", "grown")
    assert float(parts["seats"]["quantity"]) == 2
    listed = program.get("/api/subscriptions").json()["results"]
    assert listed == [shown]


def test_what_was_used_is_told_by_the_meter_and_day(
    program: Client, seated: Subscription, tenant: Tenant, turn: Turn
) -> None:
    now = turn(timedelta(days=2))
    send(an_event(tenant, "calls", at=now.isoformat(), properties={"n": "7"}))
    [calls] = program.get(f"/api/tenants/{tenant.public_id}/usage").json()
    assert (calls["meter"], calls["used"], calls["limit"]) == ("calls", "7", None)
    assert calls["days"][-1] == {"day": f"{now:%Y-%m-%d}", "used": "7"}


def test_who_may_not_see_it_finds_nothing(
    log_in: LogIn, teammate_user: User, outsider_user: User, seated: Subscription
) -> None:
    for someone in (teammate_user, outsider_user):
        portal = log_in(someone)
        for asked in (
            f"/api/customers/{seated.customer.public_id}/next-invoice",
            f"/api/tenants/{seated.tenant.public_id}/usage",
        ):
            assert portal.get(asked).status_code == 404
