"""The same verbs at every door: REST, the admin, and nobody who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.actions import DraftInvoice
from billing.models import BooksCheck, Coupon, Customer, Invoice
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from tests.billing.invoices.desk import KEEPER, bill, coupon, credit, pay, redeem
from tests.cast import LogIn


@pytest.fixture
def client(log_in: LogIn, owner_user: User, customer: Customer) -> Client:
    return log_in(owner_user)


@pytest.fixture
def desk(log_in: LogIn, operator_user: User) -> Client:
    return log_in(operator_user)


def post(client: Client, path: str, **data: Any) -> Any:
    return client.post(f"/api/{path}", data, content_type="application/json")


def test_a_customer_redeems_a_code_and_reads_why(
    client: Client, customer: Customer
) -> None:
    code = coupon(percent=50)
    mine = f"customers/{customer.public_id}"
    assert post(client, f"{mine}/redeem", code=code).status_code == 200
    assert post(client, f"{mine}/redeem", code=code).status_code == 409
    assert post(client, f"{mine}/redeem", code="NONE").status_code == 404
    invoice = bill(customer, 1000)
    read = client.get(f"/api/invoices/{invoice.public_id}").json()
    assert (read["discount"], read["total"]) == (500, 500)
    assert read["lines"][0]["why_discount"] == "Save: 50% off 10.00 EUR"


def test_a_customer_buys_credit_but_grants_none(
    client: Client, customer: Customer
) -> None:
    mine = f"customers/{customer.public_id}"
    made = post(client, f"{mine}/buy-credit", amount=5000).json()
    pay(Invoice.objects.get(public_id=made["id"]))
    (held,) = client.get("/api/credit-grants").json()["results"]
    assert (held["kind"], held["left"]) == ("prepaid", 5000)
    refused = post(client, f"{mine}/grant-credit", amount=1, reason="please")
    assert refused.status_code == 403
    invoice = bill(customer, 9000)
    asked = {"reason": "mistake"}
    assert (
        post(client, f"invoices/{invoice.public_id}/credit", **asked).status_code == 403
    )


def test_a_stranger_finds_nothing(
    log_in: LogIn, outsider_user: User, customer: Customer
) -> None:
    invoice, stranger = bill(customer, 1000), log_in(outsider_user)
    note = credit(invoice, amount=100)
    for path in (
        f"invoices/{invoice.public_id}",
        f"credit-notes/{note.public_id}",
        f"customers/{customer.public_id}",
        f"credit-notes/{note.public_id}/pdf",
    ):
        assert stranger.get(f"/api/{path}").status_code == 404, path
    for name in ("invoices", "credit-notes", "ledger-entries", "balance-entries"):
        assert stranger.get(f"/api/{name}").json()["results"] == []


def test_drafts_are_not_shown_to_the_customer(
    client: Client, desk: Client, customer: Customer
) -> None:
    lines = [{"description": "Set-up", "unit_amount": 5000}]
    drafted = perform(DraftInvoice, customer, {"lines": lines}, actor=KEEPER).result
    path = f"invoices/{drafted.public_id}"
    assert client.get(f"/api/{path}").status_code == 404
    assert desk.get(f"/api/{path}").status_code == 200
    assert post(desk, f"{path}/finalise").json()["state"] == "open"
    assert client.get(f"/api/{path}").status_code == 200


def test_an_operator_does_it_by_rest(desk: Client, customer: Customer) -> None:
    made = post(desk, "coupons", name="Spring", percent="10").json()
    coded = post(desk, f"coupons/{made['id']}/codes", code="spring")
    assert coded.status_code == 200
    only = post(desk, f"coupons/{made['id']}/codes", code="mine", customer="cus_none")
    assert only.status_code == 404
    assert post(desk, f"coupons/{made['id']}/retire").json()["state"] == "retired"
    invoice = bill(customer, 1000)
    path = f"invoices/{invoice.public_id}/credit"
    rehearsed = post(desk, f"{path}?dry_run=true", reason="mistake", amount=400)
    assert rehearsed.json()["output"]["total"] == 400
    note = post(desk, path, reason="mistake", amount=400).json()
    assert (note["number"], note["total"]) == ("CN2026-000001", 400)
    assert post(desk, "books-checks").json()["differences"] == []
    rate = {"country": "NO", "name": "MVA", "percent": "25", "valid_from": "2005-01-01"}
    assert post(desk, "tax-rates", **rate).status_code == 201


@pytest.mark.parametrize(
    "bad", [{"amount": 0}, {"amount": -5}, {"amount": "x"}, {"reason": "none"}, {}]
)
def test_bad_input_changes_nothing(
    desk: Client, customer: Customer, bad: dict[str, Any]
) -> None:
    invoice = bill(customer, 1000)
    asked = {"reason": "mistake", **bad} if bad else {}
    answer = post(desk, f"invoices/{invoice.public_id}/credit", **asked)
    assert answer.status_code == 422
    invoice.refresh_from_db()
    assert invoice.credited == 0


def test_every_page_of_the_admin_shows_its_rows(
    desk: Client, customer: Customer
) -> None:
    redeem(customer, coupon(percent=10))
    invoice = bill(customer, 1000)
    pay(invoice, 2000)
    credit(invoice, amount=100, to="refund")
    post(desk, "books-checks")
    for label in (
        "invoice",
        "creditnote",
        "refund",
        "coupon",
        "promotioncode",
        "redemption",
        "creditgrant",
        "balanceentry",
        "ledgerentry",
        "bookscheck",
    ):
        listed = desk.get(f"/operators/billing/{label}/")
        assert listed.status_code == 200, label
        row = listed.context["cl"].result_list[0]
        shown = desk.get(f"/operators/billing/{label}/{row.pk}/change/")
        assert shown.status_code == 200, label
    said = desk.get(f"/operators/billing/invoice/{invoice.pk}/change/").content.decode()
    assert "10% off 10.00 EUR" in said
    assert Coupon.objects.exists()
    assert BooksCheck.objects.get().differences == []
