"""Billing periods: period n of an anchor, never chained from period n - 1.

Every boundary is computed from the original anchor, in the wall time of the
account's zone, and clamped to the end of a short month: 31 January, 28 February,
31 March. Chaining would stay on the 28th for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from billing.rating import dates
from billing.rating.dates import DAYS, MONTHS, Interval

__all__ = ["Every", "Interval", "Period", "boundary", "index_at", "period"]


@dataclass(frozen=True, slots=True)
class Every:
    """How long a period is: ``Every(Interval.MONTH, 3)`` is a quarter."""

    interval: Interval
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("an interval needs a count of at least 1")

    @property
    def monthly(self) -> bool:
        """Whether it is made of months, and so has a day of the month."""
        return self.interval in MONTHS


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` (inclusive) to ``end`` (exclusive), both kept in UTC.

    Between two moments of one zone Python counts wall time, and an hour is lost when
    the clocks change; between moments of UTC it can not be.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", in_utc(self.start))
        object.__setattr__(self, "end", in_utc(self.end))

    @property
    def seconds(self) -> int:
        return int((self.end - self.start).total_seconds())

    @property
    def length(self) -> int:
        """In the smallest steps of time there are, for exact weights."""
        return (self.end - self.start) // datetime.resolution

    def left(self, at: datetime) -> int:
        """Seconds from ``at`` to the end: all before the start, none after the end."""
        rest = int((self.end - in_utc(at)).total_seconds())
        return max(0, min(rest, self.seconds))


def how_many(part: Every, whole: Every) -> int:
    """Of how many periods another one is made; 0 where there is something left over."""
    if part.monthly != whole.monthly:
        return 0
    count, rest = divmod(_steps(whole), _steps(part))
    return 0 if rest else count


def _steps(every: Every) -> int:
    """In months, or in days."""
    return every.count * (MONTHS if every.monthly else DAYS)[every.interval]


def without(period: Period, others: Iterable[Period]) -> list[Period]:
    """What is left of a period when others are taken out of it, in order."""
    left = [period]
    for other in others:
        left = [part for whole in left for part in _cut(whole, other)]
    return left


def _cut(whole: Period, other: Period) -> Iterator[Period]:
    before, after = min(whole.end, other.start), max(whole.start, other.end)
    if whole.start < before:
        yield Period(whole.start, before)
    if after < whole.end and after > before:
        yield Period(after, whole.end)


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError where it says no zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} says no time zone")
    return moment.astimezone(UTC)


def boundary(
    anchor: datetime,
    every: Every,
    n: int,
    zone: tzinfo = UTC,
    day: int | None = None,
    *,
    back: bool = False,
) -> datetime:
    """The start of period ``n`` (0 is the anchor itself; n may be negative), in UTC.

    ``day`` of the month is for anchors in a month that does not have it: billed on the
    31st, anchored in February. ``back`` counts so many before the anchor.
    """
    wall = anchor.astimezone(zone)
    steps = every.count * (-n if back else n)
    moved = dates.later(wall.date(), every.interval, steps, day)
    return datetime.combine(moved, wall.timetz()).astimezone(UTC)


def period(
    anchor: datetime, every: Every, n: int, zone: tzinfo = UTC, day: int | None = None
) -> Period:
    """Period ``n`` counted from the anchor."""
    return Period(
        boundary(anchor, every, n, zone, day), boundary(anchor, every, n + 1, zone, day)
    )


def index_at(
    anchor: datetime,
    every: Every,
    moment: datetime,
    zone: tzinfo = UTC,
    day: int | None = None,
) -> int:
    """The number of the period that contains ``moment``."""
    n = _guess(anchor.astimezone(zone), every, moment.astimezone(zone))
    while boundary(anchor, every, n, zone, day) > moment:
        n -= 1
    while boundary(anchor, every, n + 1, zone, day) <= moment:
        n += 1
    return n


def containing(
    anchor: datetime,
    every: Every,
    moment: datetime,
    zone: tzinfo = UTC,
    day: int | None = None,
) -> Period:
    """The period that contains ``moment``."""
    n = index_at(anchor, every, moment, zone, day)
    return period(anchor, every, n, zone, day)


def _guess(anchor: datetime, every: Every, moment: datetime) -> int:
    if every.interval in DAYS:
        return (moment - anchor).days // (DAYS[every.interval] * every.count)
    months = (moment.year - anchor.year) * 12 + moment.month - anchor.month
    return months // (MONTHS[every.interval] * every.count)
