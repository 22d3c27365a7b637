"""Kill -9 in the middle of a payment and of a webhook: charged once, nothing lost.

Real processes, killed where it hurts; who takes up what they left, nobody kills, and it
is this one. The gateway is a Stripe on this machine, whose own record says what was
charged. A killed worker's delivery is free again when its
lease is over; the stories put its end into the past instead of waiting ten minutes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing.models import Customer, IncomingEvent, Payment, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery, OutboxEvent
from tenants.models import Account
from tests.billing.conftest import basic, turn, unpaid  # noqa: F401
from tests.billing.desk import only_open
from tests.billing.payments.conftest import stripe, stripe_server  # noqa: F401
from tests.billing.payments.desk import (
    ASKING,
    HOOK_SECRET,
    KEY,
    VISA,
    Server,
    at_stripe,
    drain,
    event_about,
    signature,
)
from tests.cast import browser
from tests.faults.payments import DATABASE

pytestmark = pytest.mark.slow
ASKED = ("before the gateway is asked", "before its answer is read")
RECORDED = (
    "before the answer is recorded",
    "while the answer is recorded",
    "after the answer is recorded",
)


def killed(server: Server, *words: str) -> None:
    """Run a worker or a web server for one thing, in which it is killed."""
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        DATABASE: str(connection.settings_dict["NAME"]),
        "PAYBILL_STRIPE_SECRET_KEY": KEY,
        "PAYBILL_STRIPE_WEBHOOK_SECRETS": HOOK_SECRET,
        "PAYBILL_STRIPE_API": server.address,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.payments", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=settings.BASE_DIR,
        env=env,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


def heard(body: bytes) -> None:
    """The web server is told, and answers."""
    answer = browser().post(
        "/hooks/stripe/",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature(body, HOOK_SECRET)},
    )
    assert answer.status_code == 204


def leases_end() -> None:
    """Ten minutes later: what a killed worker held is free."""
    past = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(claimed_until__isnull=False).update(claimed_until=past)


def paid_once(server: Server, payment: Payment, subscription: Subscription) -> None:
    """Charged once there, counted once here, and what it was for is in force."""
    payment.refresh_from_db()
    subscription.refresh_from_db()
    invoice = subscription.invoices.get()
    assert len(server.paid_for(payment)) == 1
    assert (payment.state, invoice.state) == ("succeeded", "paid")
    assert invoice.paid == invoice.total == payment.amount
    assert Customer.objects.get().balance == 0
    assert subscription.state == "active"
    for fact in ("payment_succeeded", "invoice_paid", "subscription_activated"):
        assert OutboxEvent.objects.filter(name=f"billing.{fact}").count() == 1
    unsettled = Delivery.objects.filter(handler__startswith="gateways.")
    assert not unsettled.exclude(state="done").exists()


@pytest.mark.parametrize("point", [*ASKED, *RECORDED])
def test_a_worker_is_killed_in_the_middle_of_a_charge(
    committed: None,
    stripe: Server,  # noqa: F811
    unpaid: Subscription,  # noqa: F811
    account: Account,
    owner: Actor,
    point: str,
) -> None:
    payment = a_payment(stripe, unpaid, account, owner)
    killed(stripe, "work", point)
    assert len(stripe.paid_for(payment)) == (0 if point == ASKED[0] else 1)
    leases_end()
    drain()
    paid_once(stripe, payment, unpaid)


def a_payment(
    server: Server, subscription: Subscription, account: Account, actor: Actor
) -> Payment:
    """An attempt that is written down, and the gateway was not asked yet."""
    from billing.actions import PayInvoice  # noqa: PLC0415

    Customer.objects.update(collection="transfer")
    method = at_stripe_only(server, account, actor)
    chosen = {"method": method.public_id}
    return perform(PayInvoice, only_open(subscription), chosen, actor=actor).result


def at_stripe_only(server: Server, account: Account, actor: Actor) -> Any:
    """A method that is stored, but charged for nothing that is open already."""
    method = at_stripe(server, account, VISA, actor, collect=False)
    assert not Payment.objects.exists()
    return method


@pytest.mark.parametrize(
    "point", ["while the webhook is stored", "before the webhook is answered"]
)
def test_a_web_server_is_killed_while_it_takes_a_webhook(
    committed: None,
    stripe: Server,  # noqa: F811
    unpaid: Subscription,  # noqa: F811
    account: Account,
    owner: Actor,
    point: str,
) -> None:
    payment, body = confirmed(stripe, account, owner)
    killed(stripe, "hear", point, body.decode(), signature(body, HOOK_SECRET))
    stored = IncomingEvent.objects.count()
    assert stored == (0 if "stored" in point else 1)
    # Stripe had no answer and sends it again.
    heard(body)
    drain()
    assert IncomingEvent.objects.get().state == "followed"
    paid_once(stripe, payment, unpaid)


@pytest.mark.parametrize("point", [RECORDED[1], "before the notice is noted"])
def test_a_worker_is_killed_while_it_follows_a_webhook(
    committed: None,
    stripe: Server,  # noqa: F811
    unpaid: Subscription,  # noqa: F811
    account: Account,
    owner: Actor,
    point: str,
) -> None:
    payment, body = confirmed(stripe, account, owner)
    heard(body)
    killed(stripe, "work", point)
    leases_end()
    drain()
    assert IncomingEvent.objects.get().state == "followed"
    paid_once(stripe, payment, unpaid)


def confirmed(server: Server, account: Account, actor: Actor) -> tuple[Payment, bytes]:
    """A payment that the customer confirmed at the bank; only Stripe knows that."""
    at_stripe(server, account, ASKING, actor)
    payment = Payment.objects.get()
    assert payment.state == "needs_confirmation"
    server.confirm(payment)
    thing = {"object": "payment_intent", "id": payment.reference}
    return payment, event_about(thing, "payment_intent.succeeded")
