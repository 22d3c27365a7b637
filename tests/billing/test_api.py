"""The REST door of billing: the same rules, problems instead of pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.models import Invoice, Plan, Subscription
from paybill_site.accounts.models import User
from tenants.models import Tenant
from tests.billing.desk import a_plan, only_open
from tests.cast import LogIn, browser


@pytest.fixture
def client(log_in: LogIn, owner_user: User, account: object) -> Client:
    return log_in(owner_user)


def post(client: Client, path: str, data: Any = None, **headers: str) -> Any:
    return client.post(
        f"/api/{path}", data or {}, content_type="application/json", headers=headers
    )


def test_the_catalogue_is_public(basic: Plan) -> None:
    (plan,) = browser().get("/api/plans").json()["results"]
    assert (plan["code"], plan["price"], plan["currency"]) == ("basic", 3000, "EUR")


def test_subscribe_pay_and_read_it_back(
    client: Client, tenant: Tenant, basic: Plan
) -> None:
    path = f"tenants/{tenant.public_id}/subscribe"
    shown = post(client, f"{path}?dry_run=true", {"plan": "basic"}).json()
    assert shown["output"]["amount_due"] == 3000
    made = post(client, path, {"plan": "basic"}).json()
    paid = post(
        client, f"invoices/{made['invoice']}/pay", {"card": "test_succeeds"}
    ).json()
    assert (paid["invoice_state"], paid["outstanding"]) == ("paid", 0)
    read = client.get(f"/api/subscriptions/{made['id']}").json()
    assert (read["state"], read["plan"]) == ("active", "basic")
    (line,) = client.get(f"/api/invoices/{made['invoice']}").json()["lines"]
    assert (line["amount"], line["why"]) == (3000, "30.00 EUR")


def test_a_key_makes_a_repeat_harmless(client: Client, unpaid: Subscription) -> None:
    path = f"invoices/{only_open(unpaid).public_id}/pay"
    card, key = {"card": "test_succeeds"}, {"Idempotency-Key": "once"}
    first = post(client, path, card, **key)
    again = post(client, path, card, **key)
    assert (first.status_code, again.json()) == (200, first.json())
    other = post(client, path, {"card": "test_declined"}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({}, 422, "invalid"),
        ({"plan": 7}, 422, "invalid"),
        ({"plan": "x" * 41}, 422, "invalid"),
        ({"plan": "basic", "price": 0}, 422, "invalid"),
        ({"plan": "nothing"}, 422, "not_on_sale"),
        ({"plan": "basic", "region": "moon"}, 422, "region_not_offered"),
        ([], 422, "invalid"),
    ],
)
def test_bad_input_is_a_problem_and_changes_nothing(
    client: Client, tenant: Tenant, basic: Plan, data: Any, status: int, code: str
) -> None:
    answer = client.post(
        f"/api/tenants/{tenant.public_id}/subscribe",
        data,
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert not Invoice.objects.exists()


def test_strangers_and_visitors_get_no_further(
    log_in: LogIn, outsider_user: User, unpaid: Subscription
) -> None:
    invoice = only_open(unpaid).public_id
    stranger = log_in(outsider_user)
    assert stranger.get(f"/api/invoices/{invoice}").status_code == 404
    assert stranger.get("/api/invoices").json()["results"] == []
    card = {"card": "test_succeeds"}
    assert post(stranger, f"invoices/{invoice}/pay", card).status_code == 404
    assert browser().get("/api/invoices").status_code == 401


def test_a_customer_can_not_settle_its_own_invoice(
    client: Client, unpaid: Subscription
) -> None:
    path = f"invoices/{only_open(unpaid).public_id}/settle"
    answer = post(client, path, {"reference": "x"})
    assert (answer.status_code, answer.json()["rule"]) == (403, "permission")


def test_an_operator_puts_a_plan_on_sale(log_in: LogIn, operator_user: User) -> None:
    terms = a_plan("fresh").model_dump(mode="json")
    operator = log_in(operator_user)
    assert post(operator, "plans", terms).status_code == 201
    assert post(operator, "plans", {**terms, "price": -1}).status_code == 422
    assert Plan.objects.get(code="fresh").price == 3000
