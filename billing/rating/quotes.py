"""What somebody would pay: the lines of a first period, and of a normal one later on.

By the rules that bill: the same pieces of the same periods, rated by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from billing.rating import metering, periods, phases, schedule
from billing.rating.anchors import Anchor
from billing.rating.lines import Licensed, Line
from billing.rating.metering import Metered
from billing.rating.periods import Every, Period
from billing.rating.phases import Phase
from billing.rating.proration import Counting
from billing.rating.schedule import Piece, Terms

ONE, NONE = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One price of a plan: ``used`` as a meter counts it, ``once`` and not again."""

    code: str
    name: str
    every: Every
    phases: tuple[Phase, ...]
    currency: str
    behind: bool = False
    used: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True)
class Quoted:
    """A line as an invoice would have it: minor units before discounts and tax."""

    name: str
    period: Period
    amount: int
    why: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What one period of a plan comes to; what is billed in arrears is in it too."""

    period: Period
    lines: tuple[Quoted, ...]

    @property
    def total(self) -> int:
        """Minor units: the sum of the rounded lines, before discounts and tax."""
        return sum(line.amount for line in self.lines)


def first_and_normal(
    prices: Sequence[Offered],
    every: Every,
    start: datetime,
    zone: tzinfo,
    quantities: Mapping[str, Decimal],
) -> tuple[Quote, Quote]:
    """The first period of a plan, and a later one in which no phase ends any more.

    ``quantities`` by the code of a price: seats, or what is used in each of its own
    periods. Where nothing is said it is one, and no usage. Raises Refused, BeyondTiers.
    """
    lasting = max((_lasting(price, start, zone) for price in prices), default=start)
    normal = periods.index_at(start, every, lasting, zone)
    if periods.boundary(start, every, normal, zone) < lasting:
        normal += 1
    normal = max(1, normal)
    first, later = (
        _quote(prices, periods.period(start, every, n, zone), start, zone, quantities)
        for n in (0, normal)
    )
    return first, later


def _lasting(price: Offered, start: datetime, zone: tzinfo) -> datetime:
    return list(phases.dated(price.phases, start, zone))[-1].start


def _quote(
    prices: Sequence[Offered],
    period: Period,
    start: datetime,
    zone: tzinfo,
    quantities: Mapping[str, Decimal],
) -> Quote:
    lines = [
        quoted
        for price in prices
        for piece in _pieces(price, period, start, zone)
        for quoted in _quoted(price, piece, quantities)
    ]
    return Quote(period, tuple(lines))


def _pieces(
    price: Offered, period: Period, start: datetime, zone: tzinfo
) -> Iterator[Piece]:
    terms = Terms(
        every=price.every,
        anchor=Anchor(start),
        zone=zone,
        counting=Counting.SECONDS,
        phases=price.phases,
        phased_from=start,
        start=start,
        behind=price.behind,
        once=price.once,
    )
    for piece in schedule.from_start(terms, period.end):
        if period.start <= piece.part.start < period.end:
            yield piece


def _quoted(
    price: Offered, piece: Piece, quantities: Mapping[str, Decimal]
) -> Iterator[Quoted]:
    if piece.free:
        yield Quoted(price.name, piece.part, 0, "a trial, nothing to pay")
        return
    for line in _lines(price, piece, quantities.get(price.code)):
        yield Quoted(price.name, piece.part, line.amount, line.why)


def _lines(price: Offered, piece: Piece, quantity: Decimal | None) -> Sequence[Line]:
    card, currency, share = piece.card, price.currency, piece.share
    if price.used:
        used = NONE if quantity is None else quantity
        usage = Metered(card=card, currency=currency, quantity=used, share=share)
        usage_and_missing = metering.bill(usage, final=True)
        return [line for line in usage_and_missing if line.amount or line is usage]
    had = ONE if quantity is None else quantity
    return [Licensed(card=card, currency=currency, quantity=had, share=share)]
