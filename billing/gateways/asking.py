"""Asking gateways, outside any transaction, and recording what they say.

Every question may be the second of its kind: a worker was killed before it could
record the answer, or a message came twice. So a payment is first noted as asked for;
who finds it noted already lets the gateway look before it charges, with the same key.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.urls import reverse

from billing import clock, gateways, refunding
from billing.actions.methods import RecordMethod
from billing.actions.payments import GATEWAYS, AskGateway, RecordPayment
from billing.actions.refunds import RecordRefund
from billing.gateways.contract import Order, Person, Return, Wish
from billing.models import Customer, Payer, Payment, PaymentMethod, Refund
from billing.states import IN_FLIGHT, MethodState, PaymentState, RefundState
from paybill_site.kernel.actions import perform

# How long a bank's question to the customer stays open.
PATIENCE = timedelta(days=3)


def charge(public_id: str) -> None:
    """Ask for the money of a payment, unless its outcome is known."""
    again = perform(AskGateway, public_id, actor=GATEWAYS).result
    payment = find(public_id)
    if payment.state not in IN_FLIGHT:
        return
    gateway = gateways.named(payment.gateway)
    charged = gateway.charge(order_of(payment, again=again))
    perform(RecordPayment, payment, charged, actor=GATEWAYS)


def look(public_id: str) -> None:
    """Ask how a payment stands; one that never reached the gateway is asked for."""
    perform(AskGateway, public_id, actor=GATEWAYS)
    payment = find(public_id)
    if payment.state not in IN_FLIGHT:
        return
    gateway, order = gateways.named(payment.gateway), order_of(payment, again=True)
    charged = gateway.look_at_payment(order)
    if charged is None:
        charged = gateway.charge(order)
    waits = charged.state == PaymentState.NEEDS_CONFIRMATION
    if waits and payment.created_at + PATIENCE < clock.now():
        charged = gateway.withdraw(order)
    perform(RecordPayment, payment, charged, actor=GATEWAYS)


def withdraw(public_id: str) -> None:
    """Take a payment back, or record that it was through already."""
    payment = find(public_id)
    if payment.state in IN_FLIGHT:
        charged = gateways.named(payment.gateway).withdraw(order_of(payment))
        perform(RecordPayment, payment, charged, actor=GATEWAYS)


def find(public_id: str) -> Payment:
    rows = Payment.objects.select_related("customer", "invoice", "method")
    return rows.get(public_id=public_id)


def order_of(payment: Payment, *, again: bool = True) -> Order:
    """A payment as its gateway is asked for it."""
    return Order(
        key=payment.public_id,
        amount=payment.amount,
        currency=payment.currency,
        payer=payer_of(payment.customer, payment.gateway),
        method=payment.method.reference if payment.method else "",
        purpose=f"Invoice {payment.invoice.number}",
        back=address("payment_back", payment.public_id),
        reference=payment.reference,
        on_session=payment.on_session,
        again=again,
        created_at=payment.created_at,
    )


def payer_of(customer: Customer, gateway: str) -> str:
    """As whom the gateway knows the customer, or ""."""
    known = Payer.objects.filter(customer=customer, gateway=gateway).first()
    return known.reference if known else ""


def set_up(public_id: str) -> None:
    """Let the gateway say where the customer fills a method in."""
    method = find_method(public_id)
    if method.state != MethodState.PENDING or method.setup:
        return
    gateway = gateways.named(method.gateway)
    back = f"{address('method', method.public_id)}?back"
    payer = introduced(method.customer, gateway)
    wish = Wish(
        key=method.public_id,
        payer=payer,
        back=back,
        currency=method.customer.currency,
    )
    kept = gateway.set_up(wish)
    perform(RecordMethod, method, kept, actor=GATEWAYS)


def introduced(customer: Customer, gateway: gateways.Gateway) -> str:
    """The gateway's name for a customer, who is made known to it if need be.

    Two at once give the same key and so get the same name.
    """
    if known := payer_of(customer, gateway.name):
        return known
    person = Person(
        key=customer.public_id,
        name=customer.name or customer.account.name,
        email=customer.email,
    )
    reference = gateway.introduce(person)
    payer, _ = Payer.objects.get_or_create(
        customer=customer, gateway=gateway.name, defaults={"reference": reference}
    )
    return payer.reference


def look_at_method(public_id: str) -> None:
    """Ask what became of a set-up, or how a stored method stands."""
    method = find_method(public_id)
    gateway = gateways.named(method.gateway)
    if method.state == MethodState.REMOVED or not method.setup:
        return
    if method.reference:
        kept = gateway.look_at_method(method.reference)
    else:
        kept = gateway.look_at_setup(method.setup)
    perform(RecordMethod, method, kept, actor=GATEWAYS)


def forget(public_id: str) -> None:
    """Let the gateway forget a method."""
    method = find_method(public_id)
    if method.reference:
        gateways.named(method.gateway).forget(method.reference)


def find_method(public_id: str) -> PaymentMethod:
    rows = PaymentMethod.objects.select_related("customer__account")
    return rows.get(public_id=public_id)


def give_back(public_id: str) -> None:
    """Ask for a refund, or how one stands that was asked for."""
    rows = Refund.objects.select_related("payment")
    refund = rows.get(public_id=public_id)
    if refund.state != RefundState.PENDING or refunding.by_hand(refund):
        return
    wanted = Return(
        key=refunding.key_of(refund),
        payment=refund.payment.reference,
        amount=refund.amount,
        currency=refund.currency,
        reference=refund.reference,
        again=True,
    )
    returned = gateways.named(refund.payment.gateway).give_back(wanted)
    perform(RecordRefund, refund, returned, actor=GATEWAYS)


def address(name: str, public_id: str) -> str:
    """One of our pages, as others reach it."""
    return f"{settings.PAYBILL_BASE_URL}{reverse(f'billing:{name}', args=[public_id])}"
