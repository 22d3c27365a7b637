"""Stripe, against a server of this machine: methods, charges, refunds, doubts."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from billing.actions import PayInvoice, RefundPayment, RemoveMethod, SetUpMethod
from billing.gateways import asking
from billing.gateways.contract import NotOffered
from billing.models import Payer, Payment, PaymentMethod, Refund, Subscription
from paybill_site.kernel import web
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery
from tenants.models import Account
from tests.billing.desk import only_open
from tests.billing.payments.desk import (
    ASKING,
    DECLINED,
    KEY,
    VISA,
    Server,
    at_stripe,
    drain,
    only_payment,
)


@pytest.fixture
def card(
    stripe: Server, unpaid: Subscription, account: Account, owner: Actor
) -> PaymentMethod:
    """A card of the owner's, stored at Stripe, while nothing is charged by itself."""
    return at_stripe(stripe, account, VISA, owner)


def test_a_card_is_filled_in_at_stripe_and_named_here(
    stripe: Server, account: Account, owner: Actor
) -> None:
    method = perform(SetUpMethod, account, {"gateway": "stripe"}, actor=owner).result
    drain()
    method.refresh_from_db()
    assert method.state == "pending"
    assert method.address.startswith("https://checkout.stripe.com/")
    method = at_stripe(stripe, account, VISA, owner)
    assert (method.state, method.label) == ("active", "Visa ending 4242")
    assert str(method.expires) == "2030-04-30"
    assert method.address == ""
    # Two methods, one customer there.
    assert Payer.objects.get().reference.startswith("cus_")


def test_an_invoice_is_charged_once_by_its_own_key(
    stripe: Server, unpaid: Subscription, card: PaymentMethod
) -> None:
    payment = only_payment(unpaid)
    assert (payment.state, payment.gateway) == ("succeeded", "stripe")
    unpaid.refresh_from_db()
    assert unpaid.state == "active"
    [intent] = stripe.paid_for(payment)
    assert (intent["amount"], intent["currency"]) == (payment.amount, "eur")
    keys = [r["key"] for r in stripe.log("payment_intents")]
    assert keys.count(payment.public_id) == 1
    # The message comes again, and somebody looks: nothing more is asked for.
    asking.charge(payment.public_id)
    asking.look(payment.public_id)
    assert len(stripe.paid_for(payment)) == 1


def test_a_decline_is_told_in_words(
    stripe: Server, unpaid: Subscription, account: Account, owner: Actor
) -> None:
    at_stripe(stripe, account, DECLINED, owner)
    payment = only_payment(unpaid)
    assert (payment.state, payment.code) == ("failed", "card_declined")
    assert payment.failure == "Your card was declined."
    unpaid.refresh_from_db()
    assert (unpaid.state, only_open(unpaid).paid) == ("incomplete", 0)


def test_a_bank_that_asks_is_waited_for(
    stripe: Server, unpaid: Subscription, account: Account, owner: Actor
) -> None:
    at_stripe(stripe, account, ASKING, owner)
    payment = only_payment(unpaid)
    assert payment.state == "needs_confirmation"
    intent = stripe.get(f"payment_intents/{payment.reference}")
    stripe.http.request(
        "POST",
        f"{stripe.address}/v1/payment_intents/{intent['id']}/_authenticate",
        fields={"client_secret": intent["client_secret"], "success": "true"},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    # The customer comes back, whether the webhook was faster or not.
    asking.look(payment.public_id)
    asking.look(payment.public_id)
    payment.refresh_from_db()
    assert payment.state == "succeeded"
    assert len(stripe.paid_for(payment)) == 1


def answers_get_lost(monkeypatch: pytest.MonkeyPatch, part: str) -> list[str]:
    """Stripe does what it is asked to, but its answer never arrives: once."""
    lost: list[str] = []
    call = web.call

    def away(method: str, url: Any, **options: Any) -> web.Answer:
        answer = call(method, url, **options)
        if method == "POST" and url.path.endswith(part) and not lost:
            lost.append(url.path)
            raise web.Unreachable("127.0.0.1: ReadTimeoutError")
        return answer

    monkeypatch.setattr(web, "call", away)
    return lost


def test_a_lost_answer_is_looked_up_and_never_charged_anew(
    stripe: Server,
    unpaid: Subscription,
    card: PaymentMethod,
    owner: Actor,
    pro: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from billing.actions import ChangePlan  # noqa: PLC0415

    lost = answers_get_lost(monkeypatch, "/payment_intents")
    perform(ChangePlan, unpaid, {"plan": "pro"}, actor=owner)
    drain()
    payment = Payment.objects.latest("pk")
    assert lost == ["/v1/payment_intents"]
    assert (payment.state, payment.reference) == ("processing", "")
    assert len(stripe.paid_for(payment)) == 1
    # The outbox tries again: the payment is found at Stripe by our name for it.
    Delivery.objects.filter(state="pending").update(next_at=payment.created_at)
    drain()
    payment.refresh_from_db()
    assert payment.state == "succeeded"
    assert len(stripe.paid_for(payment)) == 1
    posted = [r for r in stripe.log("payment_intents") if r["key"] == payment.public_id]
    assert len(posted) == 1


def test_a_part_and_then_the_rest_go_back(
    stripe: Server,
    unpaid: Subscription,
    card: PaymentMethod,
    operator: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    payment = only_payment(unpaid)
    part = {"amount": 1000, "why": "a week without service"}
    lost = answers_get_lost(monkeypatch, "/refunds")
    perform(RefundPayment, payment, part, actor=operator)
    drain()
    refund = Refund.objects.get()
    assert (lost, refund.state) == (["/v1/refunds"], "pending")
    Delivery.objects.filter(state="pending").update(next_at=payment.created_at)
    drain()
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    perform(RefundPayment, payment, {"why": "all of it"}, actor=operator)
    drain()
    payment.refresh_from_db()
    assert payment.refunded == payment.amount
    there = stripe.get(f"refunds?payment_intent={payment.reference}")["data"]
    assert sorted(r["amount"] for r in there) == [1000, payment.amount - 1000]


def test_a_removed_method_is_forgotten_there_too(
    stripe: Server, card: PaymentMethod, owner: Actor
) -> None:
    perform(RemoveMethod, card, actor=owner)
    drain()
    assert stripe.get(f"payment_methods/{card.reference}")["customer"] is None


def test_our_key_is_in_no_log_and_no_row(
    stripe: Server,
    unpaid: Subscription,
    card: PaymentMethod,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    asking.look(only_payment(unpaid).public_id)
    assert KEY not in caplog.text
    assert not Delivery.objects.filter(error__contains=KEY).exists()


def test_without_a_key_there_is_no_such_way_to_pay(
    account: Account, owner: Actor
) -> None:
    with pytest.raises(NotOffered):
        perform(SetUpMethod, account, {"gateway": "stripe"}, actor=owner)


def test_paying_now_with_a_chosen_method(
    stripe: Server, unpaid: Subscription, account: Account, owner: Actor
) -> None:
    at_stripe(stripe, account, DECLINED, owner)
    good = at_stripe(stripe, account, VISA, owner)
    chosen = {"method": good.public_id}
    payment = perform(PayInvoice, only_open(unpaid), chosen, actor=owner).result
    drain()
    payment.refresh_from_db()
    assert (payment.state, payment.number, payment.on_session) == ("succeeded", 2, True)
