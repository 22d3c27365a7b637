"""Makes invoices: lines from charges, a gapless number, and then no more changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import F

from billing import clock, machines
from billing.errors import PartlyPaid
from billing.events import InvoiceOpened
from billing.models import Invoice, InvoiceLine, InvoiceSeries, Plan, Subscription
from billing.rating import lines
from billing.rating.lines import Line
from billing.rating.periods import Period
from billing.states import InvoiceKind, InvoiceState
from paybill_site.kernel import events

# How long a customer has to pay.
TERMS = {
    InvoiceKind.START: timedelta(days=30),
    InvoiceKind.RENEWAL: timedelta(days=7),
    InvoiceKind.CHANGE: timedelta(days=14),
}

type Item = tuple[str, Line]


def issue(
    subscription: Subscription,
    kind: InvoiceKind,
    plan: Plan,
    period: Period,
    items: Sequence[Item],
) -> Invoice:
    """Draft an invoice with these lines and finalise it at once.

    The total is the sum of the rounded lines. Only inside an action.
    """
    total = sum(line.amount for _, line in items)
    invoice = Invoice.objects.create(
        customer=subscription.customer,
        tenant=subscription.tenant,
        subscription=subscription,
        plan=plan,
        kind=kind,
        currency=plan.currency,
        subtotal=total,
        total=total,
        period_start=period.start,
        period_end=period.end,
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=invoice,
            subscription=subscription,
            period_start=period.start,
            period_end=period.end,
            position=position,
            description=description[:200],
            inputs=lines.inputs(line),
            amount=line.amount,
        )
        for position, (description, line) in enumerate(items, start=1)
    )
    _finalise(invoice, kind)
    return invoice


def _finalise(invoice: Invoice, kind: InvoiceKind) -> None:
    now = clock.now()
    invoice.series = f"{now:%Y}"
    invoice.sequence = next_number(invoice.series)
    invoice.opened_at = now
    invoice.due_at = now + TERMS[kind]
    invoice.save(update_fields=["series", "sequence", "opened_at", "due_at"])
    machines.invoices.move(invoice, InvoiceState.OPEN, reason="finalised")
    events.emit(
        InvoiceOpened(tenant=invoice.tenant.public_id, invoice=invoice.public_id)
    )


def next_number(series: str) -> int:
    """The next number. The counter's row stays locked until the commit: no gaps."""
    InvoiceSeries.objects.get_or_create(name=series)
    InvoiceSeries.objects.filter(name=series).update(last=F("last") + 1)
    return InvoiceSeries.objects.get(name=series).last


def void(invoice: Invoice, *, reason: str) -> None:
    """Take an unpaid invoice back; its number stays used. Raises PartlyPaid."""
    if invoice.paid:
        raise PartlyPaid
    machines.invoices.move(invoice, InvoiceState.VOID, reason=reason)


def open_invoices(subscription: Subscription, *kinds: InvoiceKind) -> list[Invoice]:
    """What is not paid yet, oldest due date first."""
    unpaid = subscription.invoices.filter(state=InvoiceState.OPEN)
    if kinds:
        unpaid = unpaid.filter(kind__in=kinds)
    return list(unpaid.order_by("due_at", "id"))
