"""Money that came in: recorded once, and what it was for takes effect with it.

1. The invoice's row is locked (by the action, or here), so payments queue up.
2. The payment is recorded; the same reference of a gateway is refused.
3. When nothing is outstanding the invoice is paid, and then, in the same
   transaction, the subscription starts, changes or is restored.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import IntegrityError

from billing import clock, lifecycle, machines
from billing.errors import AlreadyPaid, AmountTooHigh, NotPayable, ReferenceUsed
from billing.events import InvoicePaid
from billing.models import Invoice, Payment, Subscription
from billing.rating import money
from billing.states import (
    InvoiceKind,
    InvoiceState,
    PaymentState,
    SubscriptionState,
)
from paybill_site.kernel import events
from paybill_site.kernel.planes import atomic

PAYABLE = frozenset({InvoiceState.OPEN, InvoiceState.UNCOLLECTIBLE})


def check_payable(invoice: Invoice, amount: int) -> None:
    """Raise AlreadyPaid, NotPayable or AmountTooHigh."""
    if invoice.state == InvoiceState.PAID:
        raise AlreadyPaid
    if invoice.state not in PAYABLE:
        raise NotPayable(f"this invoice is {invoice.state}; only an open one is paid")
    if amount > invoice.outstanding:
        left = money.text(invoice.outstanding, invoice.currency)
        raise AmountTooHigh(f"only {left} of {invoice.number} is open")


def record(
    invoice: Invoice, *, amount: int, gateway: str, reference: str, state: PaymentState
) -> Payment:
    """Write a payment (or an attempt) down. Raises ReferenceUsed."""
    try:
        with atomic():
            return Payment.objects.create(
                customer=invoice.customer,
                tenant=invoice.tenant,
                invoice=invoice,
                gateway=gateway,
                reference=reference,
                state=state,
                amount=amount,
                currency=invoice.currency,
                settled_at=clock.now() if state == PaymentState.SUCCEEDED else None,
            )
    except IntegrityError as error:
        raise ReferenceUsed from error


def credit(invoice: Invoice, amount: int) -> None:
    """Count an amount towards a locked invoice; paid in full, it takes effect."""
    invoice.paid += amount
    invoice.save(update_fields=["paid"])
    if invoice.outstanding:
        return
    invoice.paid_at = clock.now()
    invoice.save(update_fields=["paid_at"])
    machines.invoices.move(invoice, InvoiceState.PAID, reason="paid in full")
    events.emit(InvoicePaid(tenant=invoice.tenant.public_id, invoice=invoice.public_id))
    subscription = Subscription.objects.select_for_update(
        of=("self",), no_key=True
    ).get(pk=invoice.subscription_id)
    TAKES_EFFECT[InvoiceKind(invoice.kind)](subscription, invoice)


def _started(subscription: Subscription, invoice: Invoice) -> None:
    if subscription.state == SubscriptionState.INCOMPLETE:
        lifecycle.activate(subscription, reason=f"{invoice.number} is paid")


def _renewed(subscription: Subscription, invoice: Invoice) -> None:
    lifecycle.settle_up(subscription)


def _changed(subscription: Subscription, invoice: Invoice) -> None:
    if subscription.state != SubscriptionState.CANCELLED:
        lifecycle.change_plan(subscription, invoice.plan)


TAKES_EFFECT: dict[InvoiceKind, Callable[[Subscription, Invoice], None]] = {
    InvoiceKind.START: _started,
    InvoiceKind.RENEWAL: _renewed,
    InvoiceKind.CHANGE: _changed,
}
