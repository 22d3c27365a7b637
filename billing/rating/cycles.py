"""Billing on a given day of the month, in days: stubs, whole periods, and their shares.

The day-based setting of an account. A stub at the start is a share of the period that
ends on the first billing day, one at the end of the period that starts on the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rating import anchors, dates, money
from billing.rating.periods import Every
from billing.rating.shares import Share

# Nine digits of a fraction, as engines that count days have it.
PLACES = 9
DAY = 86_400


class InvalidSequence(ValueError):
    """The days are not in order: it ends, or is to be billed, before it starts."""


@dataclass(frozen=True, slots=True)
class Part:
    """Days to bill, ``start`` to ``end`` (exclusive), of the period they belong to."""

    start: date
    end: date
    period_start: date
    period_end: date

    @property
    def share(self) -> Share:
        """Its share of the period, in days."""
        return days_of(
            (self.end - self.start).days, (self.period_end - self.period_start).days
        )


def days_of(part: int, whole: int, before: int = 0) -> Share:
    """A share in days, its fraction rounded to nine digits."""
    return Share(part, whole, before, unit=DAY, places=PLACES)


def in_advance(
    start: date, end: date | None, target: date, day: int, every: Every
) -> list[Part]:
    """Everything to bill that starts on or before ``target``. Raises InvalidSequence.

    ``day`` is the billing day of the month, ``end`` the day on which it is over.
    """
    if target < start or (end is not None and end < start):
        raise InvalidSequence(f"{start} to {end or 'open'}, billed until {target}")
    return list(_parts(start, end, day, every, target))


def in_arrears(
    start: date, end: date | None, target: date, day: int, every: Every
) -> list[Part]:
    """Everything to bill that is over by ``target``. Raises InvalidSequence."""
    parts = in_advance(start, end, target, day, every)
    return [part for part in parts if part.end <= target]


def count(parts: list[Part]) -> Decimal:
    """How many periods the parts are together, each rounded to nine digits."""
    fractions = (money.at_places(part.share.fraction, PLACES) for part in parts)
    return sum(fractions, Decimal(0))


def leading(start: date, period_end: date, every: Every) -> Share:
    """The rest of a period that ends on a day."""
    period_start = dates.later(period_end, every.interval, -every.count)
    return Part(start, period_end, period_start, period_end).share


def trailing(period_start: date, end: date, every: Every) -> Share:
    """The beginning of a period that starts on a day."""
    period_end = dates.later(period_start, every.interval, every.count)
    return Part(period_start, end, period_start, period_end).share


def _parts(
    start: date, end: date | None, day: int, every: Every, target: date
) -> Iterator[Part]:
    first = _first(start, day, every)
    opens, n = start, 0 if first > start else 1
    while opens <= target and (end is None or opens < end):
        # Before the first billing day nothing was aligned: one interval back from it.
        kept = day if n else None
        whole_start = dates.later(first, every.interval, every.count * (n - 1), kept)
        whole_end = _nth(first, day, every, n)
        closes = whole_end if end is None else min(end, whole_end)
        yield Part(opens, closes, whole_start, whole_end)
        opens, n = whole_end, n + 1


def _first(start: date, day: int, every: Every) -> date:
    """The first billing day: in the month of the start, or whole intervals after it."""
    here = anchors.aligned(start, day, every)
    return here if here >= start else _nth(here, day, every, 1)


def _nth(first: date, day: int, every: Every, n: int) -> date:
    return dates.later(first, every.interval, every.count * n, day)
