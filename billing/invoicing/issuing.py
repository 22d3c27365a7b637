"""From drafts to finalised invoices, in a number of queries that does not grow.

1. Every draft is worked out (``bills``).
2. Numbers are taken from the counter's row, for the whole batch at once.
3. Invoices are written as drafts, then their lines, and then all of them are opened:
   from there on the database refuses every change.
4. What needs no payment is settled in the same transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from billing import clock, settlement
from billing.drafts import Draft
from billing.events import InvoiceOpened
from billing.invoicing import numbers
from billing.invoicing.bills import Bill, BillLine, total_up
from billing.models import Invoice, InvoiceLine, Subscription
from billing.rating import lines
from billing.states import InvoiceKind, InvoiceState
from paybill_site.kernel import acts, events
from paybill_site.kernel.models import Transition, reference

# How long a customer has to pay; a renewal by the customer's own terms.
TERMS = {
    InvoiceKind.START: timedelta(days=30),
    InvoiceKind.CHANGE: timedelta(days=14),
}


def issue(draft: Draft) -> Invoice:
    """Make a finalised invoice of a draft. Only inside an action, customer locked."""
    return issue_many([draft])[0]


def issue_many(drafts: Sequence[Draft]) -> list[Invoice]:
    """Make an invoice of each draft; the queries are as many as for one.

    Items of the drafts' lines should come with their price and its plan. Only inside
    an action; every customer's row is locked.
    """
    bills = [total_up(draft) for draft in drafts]
    now = clock.now()
    invoices = [_invoice(bill, now) for bill in bills]
    _number(invoices, now)
    Invoice.objects.bulk_create(invoices)
    InvoiceLine.objects.bulk_create(_lines(invoices, bills))
    _open(invoices)
    for invoice, bill in zip(invoices, bills, strict=True):
        if not invoice.outstanding:
            settlement.finish(invoice, _subscriptions(bill))
    return invoices


def _invoice(bill: Bill, now: datetime) -> Invoice:
    draft, subscriptions = bill.draft, _subscriptions(bill)
    only = subscriptions[0] if len(subscriptions) == 1 else None
    periods = [line.draft.period for line in bill.lines]
    return Invoice(
        customer=draft.customer,
        tenant=only.tenant if only else None,
        subscription=only,
        plan=draft.plan,
        kind=draft.kind,
        currency=draft.currency,
        subtotal=bill.subtotal,
        discount=bill.discount,
        tax=bill.tax,
        included=bill.included,
        total=bill.total,
        period_start=min((period.start for period in periods), default=draft.at),
        period_end=max((period.end for period in periods), default=draft.at),
        opened_at=now,
        due_at=now + _terms(draft),
    )


def _terms(draft: Draft) -> timedelta:
    own = timedelta(days=draft.customer.terms_days)
    return TERMS.get(draft.kind, own)


def _subscriptions(bill: Bill) -> list[Subscription]:
    """Those that the lines are for, each once, as the drafter holds them."""
    found = {
        line.draft.subscription.pk: line.draft.subscription
        for line in bill.lines
        if line.draft.subscription is not None
    }
    return list(found.values())


def _number(invoices: Sequence[Invoice], now: datetime) -> None:
    series = numbers.of_invoices(now)
    taken = numbers.take(series, len(invoices)) if invoices else ()
    for invoice, sequence in zip(invoices, taken, strict=True):
        invoice.series, invoice.sequence = series, sequence


def _lines(invoices: Iterable[Invoice], bills: Iterable[Bill]) -> list[InvoiceLine]:
    return [
        _line(invoice, position, line)
        for invoice, bill in zip(invoices, bills, strict=True)
        for position, line in enumerate(bill.lines, start=1)
    ]


def _line(invoice: Invoice, position: int, line: BillLine) -> InvoiceLine:
    draft = line.draft
    return InvoiceLine(
        invoice=invoice,
        position=position,
        description=draft.description[:200],
        kind=draft.kind,
        subscription=draft.subscription,
        item=draft.item,
        period_start=draft.period.start,
        period_end=draft.period.end,
        inputs=lines.inputs(draft.line),
        amount=line.amount,
        discount=line.discount,
        tax=line.tax,
    )


def _open(invoices: Sequence[Invoice]) -> None:
    """Open invoices that this transaction wrote; nobody else has seen them."""
    ids = [invoice.pk for invoice in invoices]
    Invoice.objects.filter(pk__in=ids).update(state=InvoiceState.OPEN)
    for invoice in invoices:
        invoice.state = InvoiceState.OPEN
        events.emit(InvoiceOpened(**invoice.named))
    act = acts.current()
    Transition.objects.bulk_create(
        Transition(
            target=reference(invoice),
            machine="invoice",
            old=InvoiceState.DRAFT,
            new=InvoiceState.OPEN,
            reason="finalised",
            actor=act.actor.id,
        )
        for invoice in invoices
    )

