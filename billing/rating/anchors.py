"""From where periods are counted: the day it began, the calendar, or a given day.

With the calendar and with a given day the first period is a stub: the rest of a period
that began earlier. ``opening`` is the start of that whole period, so a subscription
counts from it, is charged for a share of period 0, and in full from period 1 on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from billing.rating import dates
from billing.rating.dates import Interval
from billing.rating.periods import Every


class Alignment(StrEnum):
    ANNIVERSARY = "anniversary"
    CALENDAR = "calendar"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where period 0 begins, and the day of the month that all of them keep."""

    at: datetime
    day: int | None = None


def anchor(
    start: datetime,
    every: Every,
    zone: tzinfo,
    alignment: Alignment = Alignment.ANNIVERSARY,
    day: int | None = None,
) -> Anchor:
    """From where the periods of a subscription are counted that began at ``start``.

    Days begin at midnight in the account's zone, except with the anniversary, which
    keeps the time of day. A given day counts for intervals of months and years; others
    have the anniversary. Raises ValueError for a day that no month has.
    """
    if alignment == Alignment.DAY and not 1 <= (day or 0) <= 31:
        raise ValueError(f"{day} is no day of a month")
    local = dates.local(start, zone)
    if alignment == Alignment.CALENDAR:
        return Anchor(_midnight(_opening(local, every), zone))
    if alignment == Alignment.DAY and every.monthly:
        kept = day or 1
        opening = dates.on_day(local, kept)
        if opening > local:
            opening = dates.months_later(local, -1, kept)
        return Anchor(_midnight(opening, zone), kept)
    return Anchor(start)


def next_on_day(
    day_of: date, day: int, every: Every, previous: date | None = None
) -> date:
    """The first billing day on or after ``day_of``.

    By months it is that day of the month, or the month's last. Others count from
    ``previous`` on, the day billed before, and never give that day again.
    """
    if every.monthly:
        aligned = dates.on_day(day_of, day)
        return aligned if aligned >= day_of else dates.months_later(day_of, 1, day)
    if previous is None:
        return day_of
    step = timedelta(days=dates.DAYS[every.interval] * every.count)
    passed = -(-(day_of - previous) // step)
    return previous + step * max(1, passed)


def aligned(day_of: date, day: int, every: Every) -> date:
    """That day of the same month, or its last one; other intervals have no such day."""
    return dates.on_day(day_of, day) if every.monthly else day_of


def _opening(local: date, every: Every) -> date:
    """The calendar's own boundary at or before a day: Monday, a quarter's first day."""
    if every.interval == Interval.DAY:
        return local
    if every.interval == Interval.WEEK:
        return local - timedelta(days=local.weekday())
    months = dates.MONTHS[every.interval] * every.count
    into = (local.year * 12 + local.month - 1) % months
    return dates.months_later(local, -into, 1)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
