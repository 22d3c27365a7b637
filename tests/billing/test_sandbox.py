"""The sandbox: what each test card does, and that production does not have it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from billing import clock
from billing.actions import MarkInvoicePaid, Subscribe
from billing.errors import AlreadyPaid
from billing.models import Invoice, Payment, Plan, Subscription
from billing.sandbox.actions import (
    ConfirmSandboxPayment,
    MoveClock,
    PayWithSandbox,
)
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, IllegalMove, Invalid, PaybillError
from paybill_site.kernel.models import OutboxEvent
from paybill_site.kernel.planes import Place
from tenants.models import Entitlement, Tenant
from tests.billing.desk import only_open, pay_in_full
from tests.races import at_once

ROOT = Path(__file__).resolve().parents[2]


def charge(invoice: Invoice, card: str, actor: Actor) -> Payment:
    return perform(PayWithSandbox, invoice, {"card": card}, actor=actor).result


def test_a_card_that_succeeds_activates(unpaid: Subscription, owner: Actor) -> None:
    payment = charge(only_open(unpaid), "test_succeeds", owner)
    unpaid.refresh_from_db()
    assert (payment.state, unpaid.state) == ("succeeded", "active")


def test_a_declined_card_leaves_everything_as_it_was(
    unpaid: Subscription, owner: Actor
) -> None:
    payment = charge(only_open(unpaid), "test_declined", owner)
    unpaid.refresh_from_db()
    assert (payment.state, payment.failure) == ("failed", "The card was declined.")
    assert (unpaid.state, only_open(unpaid).paid) == ("incomplete", 0)
    assert charge(only_open(unpaid), "test_succeeds", owner).state == "succeeded"


def test_a_card_that_asks_activates_once_it_is_confirmed(
    unpaid: Subscription, owner: Actor
) -> None:
    payment = charge(only_open(unpaid), "test_confirm", owner)
    unpaid.refresh_from_db()
    assert (payment.state, unpaid.state) == ("needs_confirmation", "incomplete")
    perform(ConfirmSandboxPayment, payment, {"approve": True}, actor=owner)
    unpaid.refresh_from_db()
    assert unpaid.state == "active"
    with pytest.raises(IllegalMove):
        perform(ConfirmSandboxPayment, payment, {"approve": True}, actor=owner)


def test_a_refused_confirmation_charges_nothing(
    unpaid: Subscription, owner: Actor
) -> None:
    payment = charge(only_open(unpaid), "test_confirm", owner)
    perform(ConfirmSandboxPayment, payment, {"approve": False}, actor=owner)
    assert Payment.objects.get().state == "failed"
    assert only_open(unpaid).paid == 0


def test_a_confirmation_that_comes_too_late_charges_nothing(
    unpaid: Subscription, owner: Actor
) -> None:
    payment = charge(only_open(unpaid), "test_confirm", owner)
    pay_in_full(only_open(unpaid))
    late = perform(ConfirmSandboxPayment, payment, {"approve": True}, actor=owner)
    assert (late.result.state, late.output["invoice_state"]) == ("failed", "paid")


def test_only_test_cards_are_taken(unpaid: Subscription, owner: Actor) -> None:
    for card in ("4242424242424242", "", "x" * 41):
        with pytest.raises(Invalid, match="card"):
            charge(only_open(unpaid), card, owner)


def test_who_only_looks_does_not_pay(unpaid: Subscription, teammate: Actor) -> None:
    with pytest.raises(PaybillError):
        charge(only_open(unpaid), "test_succeeds", teammate)


def test_an_operator_moves_the_clock_forward_and_nobody_else(
    operator: Actor, owner: Actor
) -> None:
    before = clock.now()
    perform(MoveClock, None, {"days": 3}, actor=operator)
    perform(MoveClock, None, {"days": 4}, actor=operator)
    assert clock.now() - before >= timedelta(days=7)
    with pytest.raises(Forbidden):
        perform(MoveClock, None, {"days": 3}, actor=owner)
    with pytest.raises(Invalid):
        perform(MoveClock, None, {"days": -3}, actor=operator)


def test_two_payments_at_once_activate_once(
    committed: None, unpaid: Subscription, owner: Actor, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    results = at_once(
        [
            lambda: charge(invoice, "test_succeeds", owner),
            lambda: perform(
                MarkInvoicePaid, invoice, {"reference": "bank"}, actor=operator
            ),
        ]
    )
    assert sum(isinstance(result, AlreadyPaid) for result in results) == 1
    assert Payment.objects.filter(state="succeeded").count() == 1
    activated = OutboxEvent.objects.filter(name="billing.subscription_activated")
    assert activated.count() == 1
    assert Entitlement.objects.get(tenant=unpaid.tenant).version == 1


def test_a_double_click_on_subscribe_makes_one_subscription(
    committed: None, tenant: Tenant, owner: Actor, basic: Plan
) -> None:
    def click() -> object:
        return perform(Subscribe, tenant, {"plan": "basic"}, actor=owner).result

    first, second = at_once([click, click])
    assert first == second
    assert Invoice.objects.count() == 1


def test_numbers_have_no_gap_when_many_finalise_at_once(
    committed: None, tenant: Tenant, owner: Actor, basic: Plan
) -> None:
    tenants = [
        Tenant.objects.create(
            account=tenant.account, name=f"T{n}", slug=f"t{n}", slug_skeleton=f"t{n}"
        )
        for n in range(4)
    ]

    def subscribe(row: Tenant, plan: str) -> Callable[[], object]:
        return lambda: perform(Subscribe, row, {"plan": plan}, actor=owner)

    work = [subscribe(row, "basic") for row in tenants]
    at_once([*work, subscribe(tenant, "no such plan")])
    numbers = Invoice.objects.order_by("sequence").values_list("sequence", flat=True)
    assert list(numbers) == [1, 2, 3, 4]


PROBE = """
import json, django
django.setup()
from django.urls import NoReverseMatch, reverse
from paybill_site.kernel.actions import registry
from billing import gateways
def found(name):
    try:
        return reverse(name, args=["inv_x"])
    except NoReverseMatch:
        return ""
print(json.dumps({
    "actions": [n for n in registry if "sandbox" in n or "clock" in n],
    "gateways": [g.name for g in gateways.available()],
    "urls": [found("billing:sandbox_pay"), found("billing:sandbox_confirm")],
}))
"""


def test_production_has_no_sandbox_and_no_time_machine(control: Place) -> None:
    keys = settings.PAYBILL_KEYS
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "paybill_site.settings",
        "DATABASE_URL": "postgres://app:secret@db.example.com/paybill",
        "REDIS_URL": "redis://redis.example.com",
        "EMAIL_URL": "smtp://mail.example.com",
        "PAYBILL_PROVISIONER_URL": "postgres://prov:secret@db.example.com/paybill",
        "PAYBILL_BASE_URL": "https://paybill.example.com",
        "PAYBILL_TENANT_DOMAIN": "tenants.example.com",
        "PAYBILL_SECRET_KEY": keys["session"][0],
        "PAYBILL_DATA_KEYS": keys["data"][0],
        "PAYBILL_AUDIT_KEY": keys["audit"],
        "PAYBILL_LICENCE_KEY": keys["licence"],
        "PAYBILL_ENTRY_KEY": keys["entry"],
        "PAYBILL_OIDC_KEY": keys["oidc"],
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "actions": [],
        "gateways": ["manual"],
        "urls": ["", ""],
    }
