"""Sweeps and handlers that come twice: nobody is starved, nothing is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing import clock
from billing.actions import MarkInvoicePaid, RefundPayment
from billing.events import MethodAdded
from billing.gateways import asking, sweeping
from billing.gateways.handlers import collect_open
from billing.incoming.tasks import forget_incoming
from billing.models import (
    Customer,
    IncomingEvent,
    Invoice,
    Payment,
    PaymentMethod,
    Refund,
    Subscription,
)
from billing.states import MethodState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Account
from tests.billing.desk import Turn, only_open
from tests.billing.invoices.desk import bill
from tests.billing.payments.desk import drain, test_card

DAY = timedelta(days=1)


def test_one_that_always_fails_keeps_no_other_from_being_looked_at(
    subscription: Subscription,
    account: Account,
    owner: Actor,
    turn: Turn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test_card(account, "test_late", owner)
    customer = Customer.objects.get(account=account)
    first, second = bill(customer, 1000), bill(customer, 2000)
    drain()
    assert Payment.objects.filter(state="processing").count() == 2
    broken = Payment.objects.get(invoice=first).public_id
    look = asking.look

    def breaks(public_id: str) -> None:
        if public_id == broken:
            raise ValueError("nobody thought of this")
        look(public_id)

    monkeypatch.setattr(asking, "look", breaks)
    turn(timezone.now() - clock.now() + 3 * DAY)
    sweeping.look_at_payments()
    second.refresh_from_db()
    assert second.state == "paid"
    late = Payment.objects.get(public_id=broken)
    assert late.look_at is not None
    assert late.look_at > clock.now()


@pytest.mark.parametrize("filled", [True, False])
def test_a_card_that_was_filled_in_does_not_lapse(
    unpaid: Subscription,
    account: Account,
    turn: Turn,
    monkeypatch: pytest.MonkeyPatch,
    *,
    filled: bool,
) -> None:
    customer = Customer.objects.get(account=account)
    method = PaymentMethod.objects.create(
        customer=customer, gateway="sandbox", setup="set_1"
    )

    def told(public_id: str) -> None:
        if filled:
            rows = PaymentMethod.objects.filter(public_id=public_id)
            rows.update(state=MethodState.ACTIVE)

    monkeypatch.setattr(asking, "look_at_method", told)
    turn(timezone.now() - clock.now() + 3 * DAY)
    sweeping.look_at_payments()
    method.refresh_from_db()
    assert method.state == ("active" if filled else "failed")


def test_a_delivery_that_comes_again_collects_what_is_still_open(
    subscription: Subscription, account: Account, owner: Actor
) -> None:
    customer = Customer.objects.get(account=account)
    first, second = bill(customer, 1000), bill(customer, 2000)
    method = test_card(account, "test_succeeds", owner)
    added = MethodAdded(method=method.public_id)
    collect_open(added, "dlv_1")
    # The worker died here; one payment went through meanwhile, and it comes again.
    asking.charge(Payment.objects.get(invoice=first).public_id)
    Payment.objects.filter(invoice=second).delete()
    collect_open(added, "dlv_1")
    first.refresh_from_db()
    assert first.state == "paid"


def test_a_payment_that_is_named_is_the_one_that_goes_back(
    unpaid: Subscription, operator: Actor
) -> None:
    invoice = only_open(unpaid)
    came = [
        perform(
            MarkInvoicePaid, invoice, {"reference": ref, "amount": 1500}, actor=operator
        ).result
        for ref in ("b1", "b2")
    ]
    asked = {"amount": 700, "why": "twice"}
    refund: Refund = perform(RefundPayment, came[0], asked, actor=operator).result
    assert (refund.payment, refund.amount) == (came[0], 700)


def test_a_second_transfer_for_a_paid_invoice_goes_to_the_balance(
    subscription: Subscription, operator: Actor
) -> None:
    invoice = Invoice.objects.get()
    twice = {"reference": "b9", "amount": 3000}
    perform(MarkInvoicePaid, invoice, twice, actor=operator)
    assert Customer.objects.get().balance == 3000


def test_what_was_told_is_forgotten_once_it_was_followed(control: Any) -> None:
    long_ago = timezone.now() - 91 * DAY
    for name, state, at in (
        ("evt_1", "followed", long_ago),
        ("evt_2", "ignored", long_ago),
        ("evt_3", "stored", long_ago),
        ("evt_4", "followed", timezone.now()),
    ):
        IncomingEvent.objects.create(
            gateway="stripe", event=name, kind="x", state=state, received_at=at
        )
    assert forget_incoming() == 2
    left = IncomingEvent.objects.order_by("event").values_list("event", flat=True)
    assert list(left) == ["evt_3", "evt_4"]
