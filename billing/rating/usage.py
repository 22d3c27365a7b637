"""Aggregation of usage events over a half-open stretch of time.

An event is counted by when it happened, not by when it came in; two of the same moment
follow their numbers. Corrections are events of their own, with a value below zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from billing.rating.periods import Period


class Aggregation(StrEnum):
    SUM = "sum"
    COUNT = "count"
    MAX = "max"
    UNIQUE_COUNT = "unique_count"
    LATEST = "latest"
    WEIGHTED_SUM = "weighted_sum"


@dataclass(frozen=True, slots=True)
class Event:
    """What was used. ``key`` is what unique counts tell apart."""

    at: datetime
    value: Decimal = Decimal(1)
    key: str = ""
    number: int = 0


def aggregate(
    how: Aggregation,
    events: Iterable[Event],
    period: Period,
    carried: Decimal = Decimal(0),
) -> Fraction:
    """The quantity of a period, exact.

    ``carried`` is the level at its start, for what goes on from one period to the next
    (storage, seats): the weighted sum starts from it, and the latest and the maximum
    are it where no event says otherwise. The other ways take no notice of it.
    """
    inside = sorted(
        (event for event in events if period.start <= event.at < period.end),
        key=lambda event: (event.at, event.number),
    )
    return WAYS[how](inside, period, Fraction(carried))


@dataclass(frozen=True, slots=True)
class Tally:
    """What has to be known of a period's events, once they are added up.

    ``total`` is the sum of their values; ``waited`` of value times what was left of
    the period, in microseconds; ``highest`` and ``latest`` are values or None, ``keys``
    counts different ones. ``carried`` is the level at the start, as in ``aggregate``.
    """

    events: int = 0
    total: Decimal = Decimal(0)
    waited: Decimal = Decimal(0)
    highest: Decimal | None = None
    latest: Decimal | None = None
    keys: int = 0
    carried: Decimal = Decimal(0)


def quantity(how: Aggregation, tally: Tally, period: Period) -> Fraction:
    """The quantity of a period from its tally; the same as ``aggregate``'s, exact."""
    carried = Fraction(tally.carried)
    match how:
        case Aggregation.SUM:
            return Fraction(tally.total)
        case Aggregation.COUNT:
            return Fraction(tally.events)
        case Aggregation.MAX:
            highest = tally.highest
            return carried if highest is None else max(carried, Fraction(highest))
        case Aggregation.UNIQUE_COUNT:
            return Fraction(tally.keys)
        case Aggregation.LATEST:
            return carried if tally.latest is None else Fraction(tally.latest)
        case Aggregation.WEIGHTED_SUM:
            return carried + Fraction(tally.waited) / period.length


def _sum(events: Sequence[Event], period: Period, carried: Fraction) -> Fraction:
    return sum((Fraction(event.value) for event in events), Fraction(0))


def _count(events: Sequence[Event], period: Period, carried: Fraction) -> Fraction:
    return Fraction(len(events))


def _max(events: Sequence[Event], period: Period, carried: Fraction) -> Fraction:
    return max([carried, *(Fraction(event.value) for event in events)])


def _unique(events: Sequence[Event], period: Period, carried: Fraction) -> Fraction:
    return Fraction(len({event.key for event in events}))


def _latest(events: Sequence[Event], period: Period, carried: Fraction) -> Fraction:
    return Fraction(events[-1].value) if events else carried


def _weighted(events: Sequence[Event], period: Period, carried: Fraction) -> Fraction:
    """Each value changes a level; the level is weighted by how long it stood."""
    weighted = carried * period.length
    for event in events:
        left = period.end - event.at
        weighted += Fraction(event.value) * (left // RESOLUTION)
    return weighted / period.length


RESOLUTION = datetime.resolution
WAYS: dict[Aggregation, Callable[[Sequence[Event], Period, Fraction], Fraction]] = {
    Aggregation.SUM: _sum,
    Aggregation.COUNT: _count,
    Aggregation.MAX: _max,
    Aggregation.UNIQUE_COUNT: _unique,
    Aggregation.LATEST: _latest,
    Aggregation.WEIGHTED_SUM: _weighted,
}
