"""Lines of items as they are read on an invoice."""

from __future__ import annotations

from datetime import timedelta

from billing.drafts import DraftLine
from billing.models import SubscriptionItem
from billing.rating.lines import Line
from billing.rating.periods import Period
from billing.states import LineKind


def line_of(
    item: SubscriptionItem, line: Line, kind: LineKind, period: Period, more: str = ""
) -> DraftLine:
    """A line for a period of an item; ``more`` is said behind its days."""
    words = in_words(item, period) + more
    return DraftLine(words, line, kind, period, item.subscription, item)


def in_words(item: SubscriptionItem, period: Period) -> str:
    """What the line is for: the thing, and its days as the customer counts them."""
    zone = item.subscription.customer.zone
    first = period.start.astimezone(zone)
    last = period.end.astimezone(zone) - timedelta(seconds=1)
    return f"{item.price.name}, {first:%d %b %Y} to {max(first, last):%d %b %Y}"
