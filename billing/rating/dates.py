"""Calendar arithmetic on days: months are clamped, and never chained.

Every result is computed from the day that is given, so that the caller can count from
one anchor: two months after 31 January is 31 March, not one month after 28 February.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum


class Interval(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


DAYS = {Interval.DAY: 1, Interval.WEEK: 7}
MONTHS = {Interval.MONTH: 1, Interval.YEAR: 12}


def on_day(month_of: date, day: int) -> date:
    """That day of the month, or its last one where the month is shorter."""
    last = calendar.monthrange(month_of.year, month_of.month)[1]
    return month_of.replace(day=min(day, last))


def months_later(start: date, months: int, day: int | None = None) -> date:
    """So many months after ``start`` (negative: before it), on ``day`` or its own."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return on_day(date(year, month + 1, 1), day or start.day)


def later(start: date, interval: Interval, steps: int, day: int | None = None) -> date:
    """So many intervals after ``start``; ``day`` of the month is for months only."""
    if interval in DAYS:
        return start + timedelta(days=DAYS[interval] * steps)
    return months_later(start, MONTHS[interval] * steps, day)


def local(moment: datetime, zone: tzinfo) -> date:
    """The day that it is in a zone."""
    return moment.astimezone(zone).date()


def days_between(start: datetime, end: datetime, zone: tzinfo) -> int:
    """Midnights of a zone from one moment to another; 23 and 25 hours are a day."""
    return (local(end, zone) - local(start, zone)).days
