"""What went wrong half way: done again for the rest alone, and in nobody else's way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing import clock
from billing.actions import RefundPayment, SetUpMethod
from billing.events import MethodAdded
from billing.gateways import asking, handlers, sweeping
from billing.gateways.sweeping import look_at_methods, look_at_payments
from billing.incoming.tasks import forget_incoming
from billing.models import (
    IncomingEvent,
    Invoice,
    Payment,
    PaymentMethod,
    Refund,
    Subscription,
)
from billing.states import IncomingState
from paybill_site.kernel import web
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tenants.models import Account
from tests.billing.desk import Turn
from tests.billing.payments.desk import VISA, Server, drain, only_payment, sandbox_card
from tests.billing.payments.test_collecting import renewed


@pytest.fixture
def two_open(owing: Subscription, turn: Turn) -> list[Invoice]:
    """Two periods are owed by somebody who pays by transfer."""
    renewed(owing, turn)
    return list(owing.invoices.filter(state="open").order_by("due_at", "pk"))


def test_a_message_that_comes_again_collects_what_is_left(
    two_open: list[Invoice],
    account: Account,
    owner: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker dies between two; the first is paid when the message is back."""
    first, second = two_open
    added = MethodAdded(method=sandbox_card(account, "test_succeeds", owner).public_id)

    def dies(action: Any, invoice: Invoice, **how: Any) -> Any:
        if invoice == second:
            raise KeyboardInterrupt
        return perform(action, invoice, **how)

    monkeypatch.setattr(handlers, "perform", dies)
    with pytest.raises(KeyboardInterrupt):
        handlers.collect_open(added, "dlv_1")
    monkeypatch.undo()
    asking.charge(only_payment(first).public_id)
    handlers.collect_open(added, "dlv_1")
    asking.charge(only_payment(second).public_id)
    for invoice in two_open:
        invoice.refresh_from_db()
        assert (invoice.state, invoice.payments.count()) == ("paid", 1)


def test_one_that_always_fails_is_not_the_first_of_every_run(
    two_open: list[Invoice],
    account: Account,
    owner: Actor,
    turn: Turn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox_card(account, "test_late", owner)
    drain()
    broken, other = (only_payment(invoice) for invoice in two_open)
    turn(other.created_at + timedelta(days=2) - clock.now())
    Payment.objects.filter(pk=broken.pk).update(look_at=clock.now() - timedelta(days=9))
    look = asking.look

    def stumbles(public_id: str) -> None:
        if public_id == broken.public_id:
            raise ZeroDivisionError
        look(public_id)

    monkeypatch.setattr(asking, "look", stumbles)
    monkeypatch.setattr(sweeping, "BATCH", 1)
    look_at_payments()
    look_at_payments()
    other.refresh_from_db()
    broken.refresh_from_db()
    assert (other.state, broken.state) == ("succeeded", "processing")
    assert broken.look_at is not None
    assert broken.look_at > clock.now()
    assert f"{broken.public_id} can not be looked at" in caplog.text


def test_a_refund_at_which_a_worker_dies_is_put_off_and_sent_later(
    unpaid: Subscription,
    account: Account,
    owner: Actor,
    operator: Actor,
    turn: Turn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox_card(account, "test_succeeds", owner)
    drain()
    asked = {"amount": 1000, "why": "ten days without service"}
    perform(RefundPayment, only_payment(unpaid), asked, actor=operator)
    turn(timedelta(minutes=10))

    def dies(public_id: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(asking, "give_back", dies)
    with pytest.raises(KeyboardInterrupt):
        look_at_payments()
    monkeypatch.undo()
    assert look_at_payments() == 0
    turn(timedelta(hours=1))
    assert look_at_payments() == 1
    assert Refund.objects.get().state == "succeeded"


def set_up(account: Account, owner: Actor, *, ago: timedelta) -> PaymentMethod:
    """A method that is to be filled in at Stripe, begun a while ago."""
    begun = perform(SetUpMethod, account, {"gateway": "stripe"}, actor=owner).result
    drain()
    begun.refresh_from_db()
    begun.created_at = clock.now() - ago
    begun.save(update_fields=["created_at"])
    found: PaymentMethod = begun
    return found


def test_a_card_whose_webhook_got_lost_is_found_before_it_lapses(
    stripe: Server, account: Account, owner: Actor
) -> None:
    late, soon, open_still, gone, new = (
        set_up(account, owner, ago=timedelta(hours=hours))
        for hours in (72, 2, 2, 72, 0)
    )
    for filled in (late, soon):
        stripe.fill_in(filled.setup, VISA)
    PaymentMethod.objects.filter(pk=gone.pk).update(setup="cs_test_gone")
    assert look_at_methods() == 4
    for method in (late, soon, open_still, gone, new):
        method.refresh_from_db()
    assert (late.state, soon.state) == ("active", "active")
    assert late.label == "Visa ending 4242"
    assert (open_still.state, new.state) == ("pending", "pending")
    assert (gone.state, gone.trouble) == ("failed", "Nobody filled it in.")


def test_nothing_lapses_while_the_gateway_can_not_be_asked(
    stripe: Server, account: Account, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = set_up(account, owner, ago=timedelta(days=3))

    def away(*_: Any, **__: Any) -> web.Answer:
        raise web.Unreachable("127.0.0.1: ConnectTimeoutError")

    monkeypatch.setattr(web, "call", away)
    assert look_at_methods() == 1
    method.refresh_from_db()
    assert method.state == "pending"


def test_what_gateways_told_is_forgotten_once_it_was_followed(control: Any) -> None:
    for state in IncomingState:
        for days in (1, 91):
            told = IncomingEvent.objects.create(
                gateway="stripe", event=f"{state} {days}", kind="x", state=state
            )
            told.received_at = timezone.now() - timedelta(days=days)
            told.save(update_fields=["received_at"])
    assert forget_incoming() == 2
    left = set(IncomingEvent.objects.values_list("event", flat=True))
    assert left == {"stored 1", "followed 1", "ignored 1", "stored 91"}
    assert forget_incoming() == 0
