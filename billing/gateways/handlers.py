"""What follows from events about payments: gateways are asked, invoices collected."""

from __future__ import annotations

from billing import mails
from billing.actions.payments import GATEWAYS, CollectInvoice
from billing.events import (
    InvoiceOpened,
    MethodAdded,
    MethodRemoved,
    MethodReturned,
    MethodWanted,
    PaymentCreated,
    PaymentNeedsConfirmation,
    PaymentReturned,
    PaymentWithdrawn,
    RefundAsked,
)
from billing.gateways import asking
from billing.models import Invoice, Payment, PaymentMethod
from billing.states import InvoiceState, PaymentState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles


@handles(PaymentCreated)
def charge(event: PaymentCreated, delivery_id: str) -> None:
    asking.charge(event.payment)


@handles(PaymentReturned)
def look(event: PaymentReturned, delivery_id: str) -> None:
    asking.look(event.payment)


@handles(PaymentWithdrawn)
def withdraw(event: PaymentWithdrawn, delivery_id: str) -> None:
    asking.withdraw(event.payment)


@handles(MethodWanted)
def set_up(event: MethodWanted, delivery_id: str) -> None:
    asking.set_up(event.method)


@handles(MethodReturned)
def look_at_method(event: MethodReturned, delivery_id: str) -> None:
    asking.look_at_method(event.method)


@handles(MethodRemoved)
def forget(event: MethodRemoved, delivery_id: str) -> None:
    asking.forget(event.method)


@handles(PaymentNeedsConfirmation)
def ask_to_confirm(event: PaymentNeedsConfirmation, delivery_id: str) -> None:
    """Write to those who were not there when the bank asked."""
    payment = Payment.objects.get(public_id=event.payment)
    if not payment.on_session and payment.state == PaymentState.NEEDS_CONFIRMATION:
        address = asking.address("payment_confirm", payment.public_id)
        mails.about("confirm", event.invoice, delivery_id, confirm_url=address)


@handles(RefundAsked)
def give_back(event: RefundAsked, delivery_id: str) -> None:
    asking.give_back(event.refund)


@handles(InvoiceOpened)
def collect(event: InvoiceOpened, delivery_id: str) -> None:
    """Charge what was invoiced; by whom and whether, the action decides."""
    perform(CollectInvoice, event.invoice, actor=GATEWAYS, key=delivery_id)


@handles(MethodAdded)
def collect_open(event: MethodAdded, delivery_id: str) -> None:
    """A new method pays what the old one could not."""
    method = PaymentMethod.objects.get(public_id=event.method)
    if not method.is_default:
        return
    rows = Invoice.objects.filter(customer=method.customer, state=InvoiceState.OPEN)
    for invoice in rows.order_by("due_at", "pk"):
        # By the invoice and not by its place: done again, fewer of them are open.
        key = f"{delivery_id}-{invoice.public_id}"
        perform(CollectInvoice, invoice, actor=GATEWAYS, key=key)
