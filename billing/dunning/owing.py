"""What a customer owes beyond its day, and which subscriptions that is for."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from billing import collecting
from billing.models import Customer, Invoice, InvoiceLine, Subscription
from billing.rating.overdue import Owed
from billing.settlement import OWED
from billing.states import InvoiceState

DUNNED = OWED


def overdue(customer: Customer, now: datetime) -> list[Invoice]:
    """Unpaid invoices beyond their day, the oldest first.

    One that is too small to be charged alone waits for the next and is not overdue.
    """
    rows = unpaid(customer).filter(due_at__lte=now)
    return [row for row in rows.order_by("due_at", "id") if not collecting.carried(row)]


def unpaid(customer: Customer) -> QuerySet[Invoice]:
    """Open invoices that are dunned once their day has come."""
    return customer.invoices.filter(state=InvoiceState.OPEN, kind__in=DUNNED)


def first_due(customer: Customer) -> datetime | None:
    """When the oldest of the unpaid invoices is, or was, due."""
    rows = unpaid(customer).order_by("due_at", "id")
    return next((row.due_at for row in rows if not collecting.carried(row)), None)


def summed(invoices: list[Invoice], now: datetime) -> Owed | None:
    """The same as figures, or None when nothing is owed."""
    since = invoices[0].due_at if invoices else None
    if since is None:
        return None
    amount = sum(invoice.outstanding for invoice in invoices)
    return Owed(since, amount, invoices[0].currency, len(invoices), now)


def concerned(invoices: list[Invoice]) -> QuerySet[Subscription]:
    """The subscriptions that these invoices are for."""
    of_lines = InvoiceLine.objects.filter(invoice__in=invoices).values("subscription")
    whole = [row.subscription_id for row in invoices if row.subscription_id]
    return Subscription.objects.filter(Q(pk__in=whole) | Q(pk__in=of_lines))
