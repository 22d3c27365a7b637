"""Payments at the doors: REST for customers, pages and verbs for operators."""

from __future__ import annotations

import json
from typing import Any

from billing.actions import MarkInvoicePaid, MarkRefundSent, RefundPayment
from billing.models import Payment, PaymentMethod, Refund, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery
from tenants.models import Account
from tests.billing.desk import only_open
from tests.billing.payments.desk import drain, sandbox_card
from tests.cast import LogIn


def post(client: Any, path: str, data: dict[str, Any] | None = None) -> Any:
    body = json.dumps(data or {})
    return client.post(f"/api/{path}", body, content_type="application/json")


def test_a_customer_adds_a_method_and_pays_over_rest(
    unpaid: Subscription, account: Account, owner_user: Any, log_in: LogIn
) -> None:
    person = log_in(owner_user)
    begun = post(person, f"accounts/{account.public_id}/set-up-method").json()
    drain()
    shown = person.get(f"/api/payment-methods/{begun['id']}").json()
    assert shown["state"] == "pending"
    assert shown["address"].endswith(f"/methods/{begun['id']}/sandbox/")
    page = person.get(f"/methods/{begun['id']}/sandbox/")
    assert "No money" in page.content.decode() or "no money" in page.content.decode()
    filled = person.post(f"/methods/{begun['id']}/sandbox/", {"card": "test_succeeds"})
    assert filled.status_code == 302
    drain()
    shown = person.get(f"/api/payment-methods/{begun['id']}").json()
    assert (shown["state"], shown["is_default"]) == ("active", True)
    [payment] = person.get("/api/payments").json()["results"]
    assert (payment["state"], payment["method"]) == ("succeeded", begun["id"])
    unpaid.refresh_from_db()
    assert unpaid.state == "active"


def test_others_see_nothing_of_it(
    account: Account, owner: Actor, outsider_user: Any, log_in: LogIn
) -> None:
    method = sandbox_card(account, "test_succeeds", owner)
    stranger = log_in(outsider_user)
    assert stranger.get("/api/payment-methods").json()["results"] == []
    assert (
        post(stranger, f"payment-methods/{method.public_id}/remove").status_code == 404
    )
    assert stranger.get(f"/methods/{method.public_id}/sandbox/").status_code == 404
    assert PaymentMethod.objects.get().state == "active"


def test_a_dry_run_of_a_statement_says_what_it_would_do(
    unpaid: Subscription, operator_user: Any, log_in: LogIn
) -> None:
    invoice = only_open(unpaid)
    row = f"2026-03-01,30.00,EUR,{invoice.reference}\n2026-03-01,1.00,EUR,rent\n"
    statement = {"csv": f"date,amount,currency,text\n{row}"}
    clerk = log_in(operator_user)
    refused = post(clerk, "bank-statements", statement)
    assert (refused.status_code, refused.json()["code"]) == (409, "unmatched")
    tried = post(
        clerk, "bank-statements?dry_run=true", {**statement, "leave_unmatched": True}
    )
    assert tried.json()["output"]["unmatched"][0]["why"] == "it quotes no invoice"
    assert Payment.objects.count() == 0


def test_operators_see_all_of_it(
    unpaid: Subscription,
    account: Account,
    owner: Actor,
    operator_user: Any,
    log_in: LogIn,
) -> None:
    sandbox_card(account, "test_succeeds", owner)
    drain()
    payment = Payment.objects.get()
    clerk = log_in(operator_user)
    for page in (
        f"payment/{payment.pk}/change/",
        "payment/add/",
        "paymentmethod/",
        f"paymentmethod/{PaymentMethod.objects.get().pk}/change/",
        "dispute/",
        "incomingevent/",
    ):
        assert clerk.get(f"/operators/billing/{page}").status_code == 200, page


def test_a_transfer_goes_back_by_hand(unpaid: Subscription, operator: Actor) -> None:
    transfer = {"reference": "b1", "amount": 3000}
    came = perform(MarkInvoicePaid, only_open(unpaid), transfer, actor=operator).result
    asked = {"amount": 1200, "why": "twelve days without service"}
    refund = perform(RefundPayment, came, asked, actor=operator).result
    drain()
    refund.refresh_from_db()
    assert (refund.state, refund.note and refund.note.total) == ("pending", 1200)
    assert not Delivery.objects.filter(handler="gateways.give_back").exists()
    perform(MarkRefundSent, refund, {"reference": "out 1"}, actor=operator)
    assert Refund.objects.get().state == "succeeded"
    came.refresh_from_db()
    assert came.refunded == 1200


def test_a_bank_that_asks_is_answered_from_the_portal(
    unpaid: Subscription,
    account: Account,
    owner: Actor,
    owner_user: Any,
    log_in: LogIn,
    mailoutbox: list[Any],
) -> None:
    sandbox_card(account, "test_confirm", owner)
    drain()
    payment = Payment.objects.get()
    [mail] = [m for m in mailoutbox if "Your bank asks" in m.subject]
    link = f"/payments/{payment.public_id}/confirm/"
    assert link in mail.body
    assert mail.to == [owner_user.email]
    person = log_in(owner_user)
    assert (
        link in person.get(f"/invoices/{payment.invoice.public_id}/").content.decode()
    )
    assert person.get(link)["Location"] == payment.confirm_at
    # Or it is withdrawn, and another card pays.
    person.post(f"/payments/{payment.public_id}/withdraw/")
    drain()
    payment.refresh_from_db()
    assert (payment.state, payment.code) == ("failed", "withdrawn")
    other = sandbox_card(account, "test_succeeds", owner)
    page = person.get(f"/pay/{payment.invoice.public_id}/").content.decode()
    assert str(other) in page
    chosen = {"method": other.public_id}
    paid = person.post(f"/pay/{payment.invoice.public_id}/stored/", chosen)
    assert paid.status_code == 302
    drain()
    unpaid.refresh_from_db()
    assert unpaid.state == "active"
