"""From drafts to finalised invoices, in a number of queries that does not grow.

1. Every draft is worked out (``bills``).
2. Numbers are taken from the counter's row, for the whole batch at once.
3. Invoices are written as drafts, then their lines, and then all of them are opened:
   from there on the database refuses every change.
4. It is booked, coupons are counted, the customers' balances are used.
5. What needs no payment then is settled in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain

from billing import (
    balance,
    clock,
    coupons,
    drafting,
    ledger,
    machines,
    settlement,
)
from billing.drafts import Draft
from billing.errors import OtherCurrency
from billing.events import InvoiceOpened
from billing.invoicing import numbers, parties
from billing.invoicing.bills import Bill, BillLine, work_out
from billing.ledger import books
from billing.models import Invoice, InvoiceLine, Subscription
from billing.rating import lines, taxes
from billing.states import InvoiceKind, InvoiceState
from paybill_site.kernel import acts, events
from paybill_site.kernel.models import Transition, reference

# How long a customer has to pay; a renewal by the customer's own terms.
TERMS = {
    InvoiceKind.START: timedelta(days=30),
    InvoiceKind.CHANGE: timedelta(days=14),
    InvoiceKind.PREPAID: timedelta(days=14),
}


def issue(draft: Draft) -> Invoice:
    """Make a finalised invoice of a draft. Only inside an action, customer locked."""
    return issue_many([draft])[0]


def issue_many(drafts: Sequence[Draft]) -> list[Invoice]:
    """Make an invoice of each draft; the queries are as many as for one.

    Items of the drafts' lines should come with their price and its plan. Only inside
    an action; every customer's row is locked.
    """
    for draft in drafts:
        _fix_currency(draft)
    bills, now = work_out(drafts), clock.now()
    invoices = [_invoice(bill, now) for bill in bills]
    _number(invoices, now)
    Invoice.objects.bulk_create(invoices)
    _write(invoices, bills)
    return invoices


def store_draft(draft: Draft) -> Invoice:
    """Keep a draft without a number; ``finalise`` works it out anew."""
    bill = work_out([draft])[0]
    invoice = _invoice(bill, clock.now())
    invoice.opened_at = invoice.due_at = None
    invoice.save()
    InvoiceLine.objects.bulk_create(_lines(invoice, bill))
    return invoice


def finalise(stored: Invoice) -> Invoice:
    """Make the invoice of a draft that was kept, its customer locked."""
    machines.invoices.check(stored.state, InvoiceState.OPEN)
    draft = drafting.of_rows(stored)
    _fix_currency(draft)
    bill, now = work_out([draft])[0], clock.now()
    invoice = _invoice(bill, now)
    for name in ("pk", "public_id", "created_at"):
        setattr(invoice, name, getattr(stored, name))
    _number([invoice], now)
    stored.lines.all().delete()
    invoice.save(force_update=True)
    _write([invoice], [bill])
    return invoice


def discard(stored: Invoice) -> None:
    """Throw a draft away. Raises IllegalMove."""
    machines.invoices.check(stored.state, InvoiceState.OPEN)
    stored.lines.all().delete()
    stored.delete()


def _write(invoices: Sequence[Invoice], bills: Sequence[Bill]) -> None:
    """Lines, the books, and what follows, of invoices that are rows already."""
    rows = [_lines(*each) for each in zip(invoices, bills, strict=True)]
    InvoiceLine.objects.bulk_create(chain.from_iterable(rows))
    _open(invoices)
    ledger.post_many(books.issued(*each) for each in zip(invoices, rows, strict=True))
    coupons.use([(i, t) for i, b in zip(invoices, bills, strict=True) for t in b.taken])
    balance.keep_below_zero(invoices)
    balance.apply_many(invoices)
    for invoice, bill in zip(invoices, bills, strict=True):
        if not invoice.outstanding:
            settlement.finish(invoice, _subscriptions(bill))


def _fix_currency(draft: Draft) -> None:
    """The first invoice decides in which currency a customer is billed."""
    customer = draft.customer
    if not customer.currency:
        customer.currency = draft.currency
        customer.save(update_fields=["currency"])
    elif customer.currency != draft.currency:
        raise OtherCurrency(f"this customer is billed in {customer.currency}")


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
        applied=min(0, bill.total),
        period_start=min((period.start for period in periods), default=draft.at),
        period_end=max((period.end for period in periods), default=draft.at),
        opened_at=now,
        due_at=now + _terms(draft),
        parties=parties.of(draft.customer),
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


def _lines(invoice: Invoice, bill: Bill) -> list[InvoiceLine]:
    return [
        _line(invoice, position, line)
        for position, line in enumerate(bill.lines, start=1)
    ]


def _line(invoice: Invoice, position: int, line: BillLine) -> InvoiceLine:
    draft = line.draft
    tax_class, tax_included = draft.taxed_as
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
        tax_class=tax_class,
        tax_included=tax_included,
        amount=line.amount,
        discount=line.discount,
        discounts=[off.stored for off in line.offs],
        tax=line.tax,
        taxed=taxes.stored(line.assessment) if line.assessment else {},
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
