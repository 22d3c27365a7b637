"""Billing periods: period n of an anchor, never chained from period n - 1.

Every boundary is computed from the original anchor, in the wall time of the
account's zone, and clamped to the end of a short month: 31 January, 28 February,
31 March. Chaining would stay on the 28th for ever.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum


class Interval(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


DAYS = {Interval.DAY: 1, Interval.WEEK: 7}
MONTHS = {Interval.MONTH: 1, Interval.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Every:
    """How long a period is: ``Every(Interval.MONTH, 3)`` is a quarter."""

    interval: Interval
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("an interval needs a count of at least 1")


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` (inclusive) to ``end`` (exclusive), both in UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())

    def left(self, at: datetime) -> int:
        """Seconds from ``at`` to the end: all before the start, none after the end."""
        rest = int((self.end - at).total_seconds())
        return max(0, min(rest, self.seconds))


def boundary(anchor: datetime, every: Every, n: int, zone: tzinfo = UTC) -> datetime:
    """The start of period ``n`` (0 is the anchor itself; n may be negative), in UTC."""
    local = anchor.astimezone(zone)
    step = every.count * n
    if every.interval in DAYS:
        moved = local + timedelta(days=DAYS[every.interval] * step)
    else:
        moved = _months_later(local, MONTHS[every.interval] * step)
    return moved.astimezone(UTC)


def period(anchor: datetime, every: Every, n: int, zone: tzinfo = UTC) -> Period:
    """Period ``n`` counted from the anchor."""
    return Period(
        boundary(anchor, every, n, zone), boundary(anchor, every, n + 1, zone)
    )


def index_at(
    anchor: datetime, every: Every, moment: datetime, zone: tzinfo = UTC
) -> int:
    """The number of the period that contains ``moment``."""
    n = _guess(anchor.astimezone(zone), every, moment.astimezone(zone))
    while boundary(anchor, every, n, zone) > moment:
        n -= 1
    while boundary(anchor, every, n + 1, zone) <= moment:
        n += 1
    return n


def _guess(anchor: datetime, every: Every, moment: datetime) -> int:
    if every.interval in DAYS:
        return (moment - anchor).days // (DAYS[every.interval] * every.count)
    months = (moment.year - anchor.year) * 12 + moment.month - anchor.month
    return months // (MONTHS[every.interval] * every.count)


def _months_later(local: datetime, months: int) -> datetime:
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return local.replace(year=year, month=month + 1, day=min(local.day, last))
