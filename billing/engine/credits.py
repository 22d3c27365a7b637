"""What goes back to the customer for time that was billed in advance and not used.

Each credit is a share of a line that charged it, so it is never more than what was
charged, less what went back before: by a credit for the same time, or by a credit note.
It names that line, and invoicing takes the line's discount off it and taxes it alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from billing.drafts import DraftLine
from billing.engine.accounts import Held
from billing.models import CreditNoteLine, InvoiceLine, SubscriptionItem
from billing.rating import credit_notes, lines, periods, proration
from billing.rating.credit_notes import Amounts
from billing.rating.periods import Period
from billing.rating.proration import Counting
from billing.states import InvoiceKind, InvoiceState, LineKind, PriceKind

# What was taken back or given up was not charged after all.
CHARGED = (InvoiceState.OPEN, InvoiceState.PAID)
NEVER = {PriceKind.USAGE, PriceKind.ONCE}


@dataclass(frozen=True, slots=True)
class _Charged:
    """A line of an item, what it is for, and how much of it was credited before."""

    item: SubscriptionItem
    line: InvoiceLine
    billed: Period
    credited: int
    earlier: Sequence[Period]


def unused(
    several: Iterable[Held], since: datetime, until: datetime | None = None
) -> list[DraftLine]:
    """Credits for what was billed from ``since`` on (until a moment, or all of it)."""
    items = {
        item.pk: item
        for held in several
        for item in held.items
        if item.pk and item.billed_to > since and item.price.kind not in NEVER
    }
    return [
        credit
        for charged in _charged(items)
        for credit in _of_line(charged, since, until or charged.item.billed_to)
    ]


def give_back(held: Held, at: datetime) -> list[DraftLine]:
    """Credit all that was billed beyond a moment, and have it billed only up to it."""
    found = unused([held], at)
    for item in held.items:
        if item.price.kind not in NEVER:
            item.billed_to = min(item.billed_to, max(at, item.start))
    return found


def _charged(items: Mapping[int, SubscriptionItem]) -> Iterator[_Charged]:
    rows = _lines(items)
    noted = _noted(rows) if rows else {}
    # A note takes a credit back as a whole: with the offer that it was a part of.
    credits = [r for r in rows if r.kind == LineKind.CREDIT and r.pk not in noted]
    for line in rows:
        item = items.get(line.item_id or 0)
        if item is None or line.kind == LineKind.CREDIT:
            continue
        billed = _billed(item, line)
        earlier = [
            credit
            for credit in credits
            if credit.item_id == item.pk
            and credit.pk > line.pk
            and billed.start <= _period(credit).start < billed.end
        ]
        credited = noted.get(line.pk, 0) - sum(credit.amount for credit in earlier)
        yield _Charged(item, line, billed, credited, [*map(_period, earlier)])


def _lines(items: Iterable[int]) -> list[InvoiceLine]:
    rows: QuerySet[InvoiceLine] = InvoiceLine.objects.filter(
        item__in=items, invoice__state__in=CHARGED
    )
    # A change that is only offered has given nothing back yet.
    offered = rows.filter(invoice__kind=InvoiceKind.CHANGE)
    offered = offered.filter(invoice__state=InvoiceState.OPEN)
    return list(rows.exclude(pk__in=offered.values("pk")).order_by("pk"))


def _noted(rows: Iterable[InvoiceLine]) -> dict[int, int]:
    """By line, how much of its amount credit notes took back."""
    notes: dict[int, list[Amounts]] = defaultdict(list)
    by_pk = {row.pk: row for row in rows}
    for note in CreditNoteLine.objects.filter(line__in=by_pk):
        notes[note.line_id].append(Amounts(note.net, note.tax))
    return {
        pk: credit_notes.taken_back(
            by_pk[pk].amount, Amounts(by_pk[pk].net, by_pk[pk].tax), each
        )
        for pk, each in notes.items()
    }


def _of_line(
    charged: _Charged, since: datetime, until: datetime
) -> Iterator[DraftLine]:
    item, line, billed = charged.item, charged.line, charged.billed
    start, end = max(billed.start, since), min(billed.end, until)
    if start >= end or line.discount == line.amount:
        return
    customer, credited = item.subscription.customer, charged.credited
    for part in periods.without(Period(start, end), charged.earlier):
        share = proration.part(Counting(customer.counting), billed, part, customer.zone)
        most = credit_notes.cap(line.amount, line.amount, credited)
        credit = lines.credit_of(line.amount, item.price.currency, share, most)
        if credit.amount:
            words = f"{item.price.name}, unused from {part.start:%d %b %Y}"
            yield DraftLine(
                words,
                credit,
                LineKind.CREDIT,
                part,
                item.subscription,
                item,
                gives_back=line,
                gave_back=credited,
            )
        credited -= credit.amount


def _billed(item: SubscriptionItem, line: InvoiceLine) -> Period:
    """What a line is for: its days, unless these began with its payment only."""
    named = _period(line)
    if item.first_end is not None and named.start < item.start:
        return Period(item.start, item.first_end)
    return named


def _period(line: InvoiceLine) -> Period:
    """The days that it names; lines of items always do."""
    if line.period_start is None or line.period_end is None:
        raise ValueError(f"line {line.pk} is of an item and says no period")
    return Period(line.period_start, line.period_end)
