"""From rows to what rating asks for: the terms of an item, and from where to count."""

from __future__ import annotations

from datetime import datetime

from billing.models import Customer, Subscription, SubscriptionItem
from billing.rating import anchors, dates, periods
from billing.rating.anchors import Alignment, Anchor
from billing.rating.periods import Every
from billing.rating.proration import Counting
from billing.rating.schedule import Terms
from billing.states import PriceKind, Timing


def of(item: SubscriptionItem) -> Terms:
    """How an item is billed."""
    row, price = item.subscription, item.price
    customer = row.customer
    return Terms(
        every=price.every,
        anchor=anchor_of(row),
        zone=customer.zone,
        counting=Counting(customer.counting),
        phases=price.phased,
        phased_from=item.phased_from or item.start,
        start=item.start,
        end=item.end,
        behind=price.kind == PriceKind.USAGE or price.timing == Timing.ARREARS,
        once=price.kind == PriceKind.ONCE,
    )


def anchor_of(row: Subscription) -> Anchor:
    """From where its periods are counted."""
    return Anchor(row.anchor, row.anchor_day)


def anchoring(customer: Customer, every: Every, start: datetime) -> Anchor:
    """From where periods are counted that begin at ``start``, by the customer's choice.

    Where no day of the month is given, the first subscription gives it.
    """
    zone, alignment = customer.zone, Alignment(customer.alignment)
    if alignment == Alignment.DAY and every.monthly:
        day = dates.local(start, zone)
        kept = customer.billing_day = customer.billing_day or day.day
        first = anchors.first(day, kept, every)
        return Anchor(anchors.midnight(first, zone), kept)
    if alignment == Alignment.CALENDAR:
        return anchors.anchor(start, every, zone, alignment)
    return anchors.anchor(start, every, zone)


def enter(row: Subscription, moment: datetime) -> None:
    """Let the period run that a moment falls into; what was before it is not its."""
    anchor, every, zone = anchor_of(row), row.plan.every, row.customer.zone
    number = periods.index_at(anchor.at, every, moment, zone, anchor.day)
    begins = periods.boundary(anchor.at, every, number, zone, anchor.day)
    row.period_index, row.period_start = number, max(begins, moment)
    row.period_end = anchors.period_end(begins, anchor.at, every, zone, day=anchor.day)
