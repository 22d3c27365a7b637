"""Ends of an invoice that are not a payment: taken back, or given up."""

from __future__ import annotations

from django.db.models import Q

from billing import balance, coupons, ledger, machines
from billing.errors import PartlyPaid
from billing.events import InvoiceVoided
from billing.ledger import books
from billing.models import Invoice, InvoiceLine, Subscription
from billing.states import InvoiceKind, InvoiceState
from paybill_site.kernel import events


def void(invoice: Invoice, *, reason: str) -> None:
    """Take an unpaid invoice back; its number stays used. Raises PartlyPaid.

    What it used of the balance and of coupons is given back.
    """
    if invoice.paid or invoice.credited:
        raise PartlyPaid
    ledger.post(books.taken_back(invoice))
    machines.invoices.move(invoice, InvoiceState.VOID, reason=reason)
    balance.give_back(invoice)
    coupons.give_back(invoice)
    events.emit(InvoiceVoided(**invoice.named))


def give_up(invoice: Invoice, *, reason: str) -> None:
    """Expect no payment for it any more; one that comes after all is taken."""
    ledger.post(books.given_up(invoice))
    machines.invoices.move(invoice, InvoiceState.UNCOLLECTIBLE, reason=reason)


def open_invoices(subscription: Subscription, *kinds: InvoiceKind) -> list[Invoice]:
    """What is not paid yet, oldest due date first; those of several among them.

    They share the subscription's customer, so what becomes of the balance is seen.
    """
    lines = InvoiceLine.objects.filter(subscription=subscription).values("invoice")
    its = Q(subscription=subscription) | Q(pk__in=lines)
    unpaid = Invoice.objects.filter(its, state=InvoiceState.OPEN)
    if kinds:
        unpaid = unpaid.filter(kind__in=kinds)
    found = list(unpaid.order_by("due_at", "id"))
    for invoice in found:
        invoice.customer = subscription.customer
    return found
