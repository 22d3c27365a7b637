"""Revenue by month: an amount for a period belongs to the months that it runs through.

A part for each calendar month, by its length to the second and below; the parts add up
to the amount to the last minor unit, by the rule of ``shares.spread``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo

from billing.rating import dates
from billing.rating.periods import Period
from billing.rating.shares import spread


def by_month(amount: int, period: Period, zone: tzinfo = UTC) -> list[tuple[date, int]]:
    """The first day of each month and what of the amount belongs to it.

    A period without length belongs to the month of its start.
    """
    if not period.length:
        return [(month_of(period.start, zone), amount)]
    parts = list(_cut(period, zone))
    shares = spread(amount, [length for _, length in parts])
    return [(month, share) for (month, _), share in zip(parts, shares, strict=True)]


def month_of(moment: datetime, zone: tzinfo = UTC) -> date:
    """The first day of the month that a moment falls into."""
    return dates.local(moment, zone).replace(day=1)


def month_start(month: date, zone: tzinfo = UTC) -> datetime:
    """The moment at which a month begins, in UTC."""
    return datetime.combine(month, time(), zone).astimezone(UTC)


def _cut(period: Period, zone: tzinfo) -> Iterator[tuple[date, int]]:
    month, start = month_of(period.start, zone), period.start
    while start < period.end:
        following = dates.months_later(month, 1)
        end = min(month_start(following, zone), period.end)
        yield month, Period(start, end).length
        month, start = following, end
