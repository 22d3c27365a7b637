"""What goes back to the customer for time that was billed in advance and not used.

Each credit is a share of a line that charged it, after its discount: so it is never
more than what was charged, less what went back for the same time before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from billing.drafts import DraftLine
from billing.engine.accounts import Held
from billing.models import InvoiceLine, SubscriptionItem
from billing.rating import credit_notes, lines, periods, proration
from billing.rating.periods import Period
from billing.rating.proration import Counting
from billing.states import InvoiceState, LineKind, PriceKind

# What was taken back or given up was not charged after all.
CHARGED = (InvoiceState.OPEN, InvoiceState.PAID)
NEVER = {PriceKind.USAGE, PriceKind.ONCE}


def unused(
    several: Iterable[Held], since: datetime, until: datetime | None = None
) -> list[DraftLine]:
    """Credits for what was billed from ``since`` on (until a moment, or all of it)."""
    items = [
        item
        for held in several
        for item in held.items
        if item.pk and item.billed_to > since and item.price.kind not in NEVER
    ]
    return [
        credit
        for item, charged in _charged(items, since)
        for credit in _of_item(item, charged, Period(since, until or item.billed_to))
    ]


def give_back(held: Held, at: datetime) -> list[DraftLine]:
    """Credit all that was billed beyond a moment, and have it billed only up to it."""
    found = unused([held], at)
    for item in held.items:
        if item.price.kind not in NEVER:
            item.billed_to = min(item.billed_to, max(at, item.start))
    return found


def _charged(
    items: Iterable[SubscriptionItem], since: datetime
) -> Iterator[tuple[SubscriptionItem, list[InvoiceLine]]]:
    by_pk = {item.pk: item for item in items}
    rows = InvoiceLine.objects.filter(item__in=by_pk, invoice__state__in=CHARGED)
    known = list(rows.filter(period_end__gt=since).order_by("pk"))
    for pk, item in by_pk.items():
        yield item, [line for line in known if line.item_id == pk]


def _of_item(
    item: SubscriptionItem, known: list[InvoiceLine], within: Period
) -> Iterator[DraftLine]:
    for line in known:
        if line.kind == LineKind.CREDIT:
            continue
        earlier = [
            credit
            for credit in known
            if credit.kind == LineKind.CREDIT and credit.pk > line.pk
        ]
        yield from _of_line(item, line, earlier, within)


def _of_line(
    item: SubscriptionItem,
    line: InvoiceLine,
    earlier: list[InvoiceLine],
    within: Period,
) -> Iterator[DraftLine]:
    billed = _period(line)
    start, end = max(billed.start, within.start), min(billed.end, within.end)
    if start >= end:
        return
    charged = line.amount - line.discount
    credited = -sum(credit.amount - credit.discount for credit in earlier)
    for part in periods.without(Period(start, end), map(_period, earlier)):
        customer = item.subscription.customer
        share = proration.part(Counting(customer.counting), billed, part, customer.zone)
        most = credit_notes.cap(charged, charged, credited)
        credit = lines.credit_of(charged, item.price.currency, share, most)
        credited -= credit.amount
        if credit.amount:
            words = f"{item.price.name}, unused from {part.start:%d %b %Y}"
            yield DraftLine(
                words, credit, LineKind.CREDIT, part, item.subscription, item
            )


def _period(line: InvoiceLine) -> Period:
    """When it is for; lines of items always say so."""
    if line.period_start is None or line.period_end is None:
        raise ValueError(f"line {line.pk} is of an item and says no period")
    return Period(line.period_start, line.period_end)
