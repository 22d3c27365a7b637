"""What Stripe tells: only if signed and fresh, in any order, any number of times."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client

from billing.gateways.contract import Charged
from billing.gateways.stripe import payments as at_the_gateway
from billing.models import Dispute, IncomingEvent, Payment, PaymentMethod, Subscription
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import AuditEntry, OutboxEvent
from tenants.models import Account
from tests.billing.payments.desk import (
    ASKING,
    HOOK_SECRET,
    OLD_SECRET,
    VISA,
    Server,
    at_stripe,
    drain,
    event_about,
    only_payment,
    signature,
)
from tests.cast import browser
from tests.races import at_once

DOOR = "/hooks/stripe/"


def send(body: bytes, header: str | None = None, client: Client | None = None) -> Any:
    """Deliver a body as Stripe does, signed unless a header is given."""
    signed = signature(body, HOOK_SECRET) if header is None else header
    return (client or browser()).post(
        DOOR,
        body,
        content_type="application/json; charset=utf-8",
        headers={"Stripe-Signature": signed},
    )


@pytest.fixture
def payment(
    stripe: Server, unpaid: Subscription, account: Account, owner: Actor
) -> Payment:
    """A payment that went through at Stripe."""
    at_stripe(stripe, account, VISA, owner)
    return only_payment(unpaid)


def about(payment: Payment, kind: str, status: str, name: str = "evt_1") -> bytes:
    thing = {"object": "payment_intent", "id": payment.reference, "status": status}
    return event_about(thing, kind, name)


def test_what_is_signed_is_stored_answered_and_followed(payment: Payment) -> None:
    body = about(payment, "payment_intent.succeeded", "succeeded")
    answer = send(body)
    assert (answer.status_code, answer.content) == (204, b"")
    told = IncomingEvent.objects.get()
    assert (told.event, told.state, told.subject) == ("evt_1", "stored", "payment")
    drain()
    told.refresh_from_db()
    assert told.state == "followed"


def test_the_same_again_is_one_event(payment: Payment) -> None:
    body = about(payment, "payment_intent.succeeded", "succeeded")
    assert [send(body).status_code for _ in range(3)] == [204, 204, 204]
    drain()
    assert IncomingEvent.objects.count() == 1
    assert OutboxEvent.objects.filter(name="billing.incoming_stored").count() == 1
    assert OutboxEvent.objects.filter(name="billing.payment_succeeded").count() == 1


def test_two_deliveries_at_once_are_one_event(
    committed: None, stripe: Server, control: Any
) -> None:
    body = event_about({"object": "payment_intent", "id": "pi_x"}, "x", "evt_9")
    answers = at_once([lambda: send(body).status_code] * 3)
    assert answers == [204, 204, 204]
    assert IncomingEvent.objects.count() == 1
    assert OutboxEvent.objects.filter(name="billing.incoming_stored").count() == 1


@pytest.mark.parametrize(
    ("case", "status"),
    [
        ("forged", 400),
        ("another body", 400),
        ("stale", 400),
        ("of tomorrow", 400),
        ("unsigned", 400),
        ("no time", 400),
        ("only another scheme", 400),
        ("signed, but no event", 400),
        ("empty", 400),
        ("too long", 413),
    ],
)
def test_what_is_not_from_stripe_leaves_no_trace(
    control: Any, stripe: Server, case: str, status: int
) -> None:
    body = event_about({"object": "payment_intent", "id": "pi_x"}, "x")
    now = int(time.time())
    sent, header = {
        "forged": (body, signature(body, "whsec_" + "f" * 32)),
        "another body": (body + b" ", signature(body, HOOK_SECRET)),
        "stale": (body, signature(body, HOOK_SECRET, at=now - 301)),
        "of tomorrow": (body, signature(body, HOOK_SECRET, at=now + 86_400)),
        "unsigned": (body, ""),
        "no time": (body, signature(body, HOOK_SECRET).split(",")[1]),
        "only another scheme": (
            body,
            signature(body, HOOK_SECRET).replace("v1=", "v0="),
        ),
        "signed, but no event": (b"[]", signature(b"[]", HOOK_SECRET)),
        "empty": (b"", signature(b"", HOOK_SECRET)),
        "too long": (b" " * 262_145, signature(b" " * 262_145, HOOK_SECRET)),
    }[case]
    entries = AuditEntry.objects.count()
    answer = send(sent, header)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert IncomingEvent.objects.count() == 0
    assert AuditEntry.objects.count() == entries


def test_while_a_secret_is_replaced_both_are_good(payment: Payment) -> None:
    body = about(payment, "payment_intent.succeeded", "succeeded")
    unknown = "whsec_" + "x" * 32
    for secrets in ((OLD_SECRET,), (unknown, HOOK_SECRET), (OLD_SECRET, unknown)):
        assert send(body, signature(body, *secrets)).status_code == 204
    assert IncomingEvent.objects.count() == 1


def test_a_webhook_before_the_answer_is_no_second_payment(
    stripe: Server,
    unpaid: Subscription,
    account: Account,
    owner: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    answer = at_the_gateway.told

    def faster(intent: Any) -> Charged:
        """The notice is there and followed before our own request is answered."""
        if not told:
            told.append(
                send(event_about(dict(intent), "payment_intent.succeeded")).status_code
            )
            drain()
        return answer(intent)

    monkeypatch.setattr(at_the_gateway, "told", faster)
    at_stripe(stripe, account, VISA, owner)
    payment = only_payment(unpaid)
    assert (told, payment.state) == ([204], "succeeded")
    invoice = unpaid.invoices.get()
    assert (invoice.state, invoice.paid) == ("paid", invoice.total)
    assert OutboxEvent.objects.filter(name="billing.invoice_paid").count() == 1


def test_events_in_any_order_lead_to_how_it_is(payment: Payment) -> None:
    """Old ones that come late are hints to look, too; nothing moves back."""
    for number, (kind, status) in enumerate(
        [
            ("payment_intent.succeeded", "succeeded"),
            ("payment_intent.created", "requires_payment_method"),
            ("payment_intent.payment_failed", "requires_payment_method"),
            ("payment_intent.requires_action", "requires_action"),
            ("payment_intent.canceled", "canceled"),
        ]
    ):
        assert send(about(payment, kind, status, f"evt_{number}")).status_code == 204
        drain()
    payment.refresh_from_db()
    assert payment.state == "succeeded"
    assert payment.invoice.state == "paid"


def test_an_event_of_another_version_is_a_hint_like_any_other(payment: Payment) -> None:
    event = json.loads(about(payment, "payment_intent.succeeded", "succeeded"))
    event["api_version"] = "2017-08-15"
    event["data"]["object"] = {"object": "payment_intent", "id": payment.reference}
    assert send(json.dumps(event).encode()).status_code == 204
    drain()
    told = IncomingEvent.objects.get()
    assert (told.state, told.version) == ("followed", "2017-08-15")


def test_what_is_not_ours_is_ignored(stripe: Server, control: Any) -> None:
    for name, thing in (
        ("evt_1", {"object": "payment_intent", "id": "pi_of_another_shop"}),
        ("evt_2", {"object": "balance"}),
        ("evt_3", {"object": "dispute", "id": "dp_unknown"}),
    ):
        assert send(event_about(thing, "x", name)).status_code == 204
    drain()
    assert set(IncomingEvent.objects.values_list("state", flat=True)) == {"ignored"}


def test_the_customer_comes_back_and_the_webhook_comes_both_at_once(  # noqa: PLR0917
    committed: None,
    stripe: Server,
    unpaid: Subscription,
    account: Account,
    owner: Actor,
    owner_user: Any,
    log_in: Any,
) -> None:
    at_stripe(stripe, account, ASKING, owner)
    payment = only_payment(unpaid)
    stripe.confirm(payment)
    person = log_in(owner_user)
    body = about(payment, "payment_intent.succeeded", "succeeded")
    back, hook = at_once(
        [
            lambda: person.get(f"/payments/{payment.public_id}/back/").status_code,
            lambda: send(body).status_code,
        ]
    )
    assert (back, hook) == (302, 204)
    at_once([drain, drain])
    drain()
    payment.refresh_from_db()
    unpaid.refresh_from_db()
    assert (payment.state, unpaid.state) == ("succeeded", "active")
    assert (
        OutboxEvent.objects.filter(name="billing.subscription_activated").count() == 1
    )
    assert unpaid.invoices.get().paid == payment.amount


def test_a_dispute_is_stored_and_shown(
    stripe: Server, payment: Payment, log_in: Any, operator_user: Any
) -> None:
    dispute = {
        "id": "dp_1",
        "amount": payment.amount,
        "currency": "eur",
        "payment_intent": payment.reference,
        "reason": "fraudulent",
        "status": "needs_response",
        "evidence_details": {"due_by": int(time.time()) + 86_400},
    }
    stripe.post("/_config/disputes", dispute)
    opened = {"object": "dispute", "id": "dp_1"}
    send(event_about(opened, "charge.dispute.created"))
    drain()
    row = Dispute.objects.get()
    assert (row.state, row.why, row.payment) == ("open", "fraudulent", payment)
    page = log_in(operator_user).get("/operators/")
    assert "Disputed payments" in page.content.decode()
    stripe.post("/_config/disputes", {**dispute, "status": "won"})
    send(event_about(opened, "charge.dispute.closed", "evt_2"))
    drain()
    row.refresh_from_db()
    assert row.state == "won"


def test_a_method_that_is_removed_at_stripe_is_not_charged(
    stripe: Server, payment: Payment, owner: Actor
) -> None:
    method = PaymentMethod.objects.get()
    stripe.form(f"/v1/payment_methods/{method.reference}/detach", {})
    gone = {"object": "payment_method", "id": method.reference}
    send(event_about(gone, "payment_method.detached"))
    drain()
    method.refresh_from_db()
    assert (method.state, method.is_default) == ("unusable", False)


def test_no_other_gateway_has_a_door_for_webhooks(control: Any) -> None:
    for name in ("manual", "sandbox", "stripe", "nobody"):
        answer = browser().post(
            f"/hooks/{name}/", b"{}", content_type="application/json"
        )
        assert answer.status_code in {404, 409}
    assert IncomingEvent.objects.count() == 0


def test_localstripe_signs_as_we_verify(
    stripe: Server, unpaid: Subscription, account: Account, owner: Actor, caught: Any
) -> None:
    """Bodies that another implementation signed, as they came over the wire."""
    stripe.tell(caught.address, HOOK_SECRET)
    at_stripe(stripe, account, VISA, owner)
    about = only_payment(unpaid).reference
    body, header = caught.wait_for("payment_intent.succeeded", about)
    assert send(body, header).status_code == 204
    drain()
    assert IncomingEvent.objects.get().state == "followed"
