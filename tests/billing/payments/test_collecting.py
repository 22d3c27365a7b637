"""Charged automatically: what is invoiced is collected, once, or told why not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing import clock, collecting
from billing.actions import ChangePlan, PayInvoice, RemoveMethod, Subscribe
from billing.errors import InFlight, NoMethod
from billing.gateways.sweeping import look_at_payments
from billing.models import Customer, Payment, Plan, Subscription
from billing.sandbox.actions import ConfirmSandboxPayment
from billing.tasks import bill_one
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import OutboxEvent
from tenants.models import Account, Tenant
from tests.billing.desk import Turn, only_open
from tests.billing.payments.desk import drain, only_payment, sandbox_card
from tests.races import at_once

TESTED = "test_succeeds"


def renewed(subscription: Subscription, turn: Turn) -> None:
    """The next period has begun and its invoice is open."""
    turn(subscription.period_end - clock.now())
    bill_one(subscription.public_id)
    subscription.refresh_from_db()


def test_the_first_method_is_charged_from_now_on(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    method = sandbox_card(account, TESTED, owner)
    customer = Customer.objects.get(account=account)
    assert (method.is_default, customer.collection) == (True, "automatic")
    renewed(subscription, turn)
    drain()
    payment = Payment.objects.get(method=method)
    assert (payment.state, payment.number) == ("succeeded", 1)
    assert payment.invoice.state == "paid"


def test_a_new_customer_who_added_a_card_is_charged_when_it_subscribes(
    turn: Turn, tenant: Tenant, account: Account, owner: Actor, basic: Plan
) -> None:
    sandbox_card(account, TESTED, owner)
    begun = perform(Subscribe, tenant, {"plan": "basic"}, actor=owner).result
    drain()
    begun.refresh_from_db()
    assert begun.state == "active"


def test_who_pays_by_transfer_is_charged_nothing(owing: Subscription) -> None:
    drain()
    assert only_open(owing).payments.count() == 0


def test_a_soft_decline_is_an_attempt_and_the_next_one_may_do(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    sandbox_card(account, "test_declined", owner)
    renewed(subscription, turn)
    drain()
    invoice = only_open(subscription)
    failed = invoice.payments.get()
    assert (failed.number, failed.code, failed.hard) == (1, "insufficient_funds", False)
    told = OutboxEvent.objects.get(name="billing.payment_failed").payload
    assert (told["number"], told["hard"]) == (1, False)
    # The next attempt, as dunning asks for it.
    perform(PayInvoice, invoice, {}, actor=owner)
    drain()
    numbers = list(invoice.payments.order_by("pk").values_list("number", flat=True))
    assert numbers == [1, 2]


def test_a_hard_decline_ends_the_method_and_another_one_pays(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    bad = sandbox_card(account, "test_hard_declined", owner)
    renewed(subscription, turn)
    drain()
    bad.refresh_from_db()
    assert (bad.state, bad.is_default) == ("unusable", False)
    assert Payment.objects.get(method=bad).hard
    invoice = only_open(subscription)
    with pytest.raises(NoMethod):
        perform(PayInvoice, invoice, {"method": bad.public_id}, actor=owner)
    # A new method is taken into use, and pays what the old one could not.
    good = sandbox_card(account, TESTED, owner)
    drain()
    invoice.refresh_from_db()
    assert (invoice.state, good.is_default) == ("paid", True)


def test_what_comes_late_is_found_by_looking(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    sandbox_card(account, "test_late", owner)
    renewed(subscription, turn)
    drain()
    payment = Payment.objects.get(gateway="sandbox")
    assert payment.state == "processing"
    look_at_payments()
    payment.refresh_from_db()
    assert payment.state == "processing"
    # The sandbox counts from when the row was made, which is the present.
    turn(payment.created_at + timedelta(days=2) - clock.now())
    assert look_at_payments() == 1
    payment.refresh_from_db()
    assert (payment.state, payment.look_at) == ("succeeded", None)
    assert look_at_payments() == 0


def test_a_bank_that_asks_is_answered_by_the_customer(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    sandbox_card(account, "test_confirm", owner)
    renewed(subscription, turn)
    drain()
    payment = Payment.objects.get(gateway="sandbox")
    assert payment.state == "needs_confirmation"
    assert payment.public_id in payment.confirm_at
    perform(ConfirmSandboxPayment, payment, {"approve": True}, actor=owner)
    payment.refresh_from_db()
    assert (payment.state, payment.confirm_at) == ("succeeded", "")
    assert payment.invoice.state == "paid"


def test_one_payment_at_a_time_for_an_invoice(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    sandbox_card(account, "test_confirm", owner)
    renewed(subscription, turn)
    drain()
    with pytest.raises(InFlight):
        perform(PayInvoice, only_open(subscription), {}, actor=owner)


def test_a_double_click_charges_once(
    committed: None, unpaid: Subscription, account: Account, owner: Actor
) -> None:
    invoice = only_open(unpaid)
    Customer.objects.update(collection="transfer")
    sandbox_card(account, TESTED, owner)

    def click() -> object:
        return perform(PayInvoice, invoice, {}, actor=owner).result

    results = at_once([click, click, click])
    assert sum(isinstance(result, Payment) for result in results) == 1
    at_once([drain, drain])
    assert only_payment(invoice).state == "succeeded"
    activated = OutboxEvent.objects.filter(name="billing.subscription_activated")
    assert activated.count() == 1


def test_a_failed_upgrade_takes_nothing_away(
    subscription: Subscription, account: Account, owner: Actor, pro: Plan
) -> None:
    sandbox_card(account, "test_declined", owner)
    perform(ChangePlan, subscription, {"plan": "pro"}, actor=owner)
    drain()
    subscription.refresh_from_db()
    payment = only_payment(subscription.invoices.get(kind="change"))
    assert payment.state == "failed"
    assert (subscription.state, subscription.plan.code) == ("active", "basic")
    # Another card pays for it, and then the change is made.
    other = sandbox_card(account, TESTED, owner)
    chosen = {"method": other.public_id}
    perform(PayInvoice, only_open(subscription), chosen, actor=owner)
    drain()
    subscription.refresh_from_db()
    assert (subscription.state, subscription.plan.code) == ("active", "pro")


def test_a_removed_method_is_charged_no_more(
    subscription: Subscription, account: Account, owner: Actor, turn: Turn
) -> None:
    method = sandbox_card(account, TESTED, owner)
    perform(RemoveMethod, method, actor=owner)
    customer = Customer.objects.get(account=account)
    assert customer.collection == "transfer"
    renewed(subscription, turn)
    drain()
    assert only_open(subscription).payments.count() == 0
    assert collecting.default_method(customer) is None
