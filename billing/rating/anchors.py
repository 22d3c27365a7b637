"""From where periods are counted: the day it began, the calendar, or a given day.

With the calendar and with a given day the first period is a stub: the rest of a period
that began earlier. ``opening`` is the start of that whole period, so a subscription
counts from it, is charged for a share of period 0, and in full from period 1 on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from billing.rating import dates
from billing.rating.dates import Interval
from billing.rating.periods import Every, in_utc

# Quarters and half-years: spans of months that a calendar has names for.
CALENDAR_SPANS = (3, 6)


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
        return Anchor(midnight(_opening(local, every), zone))
    if alignment == Alignment.DAY and every.monthly:
        kept = day or 1
        opening = dates.on_day(local, kept)
        if opening > local:
            opening = dates.months_later(local, -1, kept)
        return Anchor(midnight(opening, zone), kept)
    return Anchor(start)


def period_end(
    start: datetime,
    anchor: datetime,
    every: Every,
    zone: tzinfo,
    until: datetime | None = None,
    day: int | None = None,
) -> datetime:
    """Where a period ends that starts at ``start``, which need not be a boundary.

    One interval is counted from the month (the year, the day) of the start, and the
    anchor says the day in it and the time: from a boundary on, that is the next
    boundary. A start before the anchor's day of its month ends on that day, and one
    before the anchor of quarters and half-years at the anchor. ``until`` ends it early.
    ``day`` of the month is for anchors in a month that does not have it.
    """
    wall = anchor.astimezone(zone)
    opened, kept = dates.local(start, zone), wall.date()
    on = day or kept.day
    if every.interval == Interval.MONTH and every.count in CALENDAR_SPANS:
        before = in_utc(start) < in_utc(anchor)
        stub = kept if before else opened
    else:
        stub = _stub_end(opened, kept, on, every)
    ends = stub if stub > opened else _one_later(opened, kept, on, every)
    due = datetime.combine(ends, wall.timetz()).astimezone(UTC)
    return due if until is None else min(due, until)


def _stub_end(opened: date, kept: date, on: int, every: Every) -> date:
    if every.interval == Interval.MONTH:
        return dates.on_day(opened, on)
    if every.interval == Interval.WEEK:
        days = (kept.weekday() - opened.weekday()) % 7
        return opened + timedelta(days=days + 7 * (every.count - 1) if days else 0)
    return opened


def _one_later(opened: date, kept: date, on: int, every: Every) -> date:
    if every.interval == Interval.YEAR:
        opened = opened.replace(month=kept.month, day=1)
    return dates.later(opened, every.interval, every.count, on)


def first(start: date, day: int, every: Every) -> date:
    """The first billing day: in the month of the start, or one interval after it.

    A quarter that began on the 31st of January and is billed on the 15th ends on the
    15th of April, as if it had begun on the 15th of January.
    """
    soonest = next_on_day(start, day, every)
    if soonest == aligned(start, day, every):
        return soonest
    months = dates.MONTHS[every.interval] * every.count
    return dates.months_later(soonest, months - 1, day)


def next_on_day(
    day_of: date, day: int, every: Every | None, previous: date | None = None
) -> date:
    """The first billing day on or after ``day_of``: itself for what is billed once.

    By months it is that day of the month, or the month's last. Others count from
    ``previous`` on, the day billed before, and never give that day again.
    """
    if every is None:
        return day_of
    if every.monthly:
        here = aligned(day_of, day, every)
        return here if here >= day_of else dates.months_later(day_of, 1, day)
    if previous is None:
        return day_of
    step = timedelta(days=dates.DAYS[every.interval] * every.count)
    passed = -(-(day_of - previous) // step)
    return previous + step * max(1, passed)


def aligned(day_of: date, day: int, every: Every | None) -> date:
    """That day of the same month, or its last one; other intervals have no such day."""
    return dates.on_day(day_of, day) if every and every.monthly else day_of


def _opening(local: date, every: Every) -> date:
    """The calendar's own boundary at or before a day: Monday, a quarter's first day."""
    if every.interval == Interval.DAY:
        return local
    if every.interval == Interval.WEEK:
        return local - timedelta(days=local.weekday())
    months = dates.MONTHS[every.interval] * every.count
    into = (local.year * 12 + local.month - 1) % months
    return dates.months_later(local, -into, 1)


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
