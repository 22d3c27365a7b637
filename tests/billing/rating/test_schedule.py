"""When parts of a price fall due: many random terms, and what holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from billing.rating import anchors, lines, periods, schedule
from billing.rating.anchors import Alignment, Anchor
from billing.rating.cards import RateCard
from billing.rating.periods import Every, Interval, Period
from billing.rating.phases import Kind, Phase
from billing.rating.prices import Flat
from billing.rating.proration import Counting
from billing.rating.schedule import Piece, Terms

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
EVERY = (
    Every(Interval.MONTH),
    Every(Interval.WEEK, 2),
    Every(Interval.MONTH, 3),
    Every(Interval.DAY, 10),
    Every(Interval.YEAR),
)
ZONES = (UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"))


def some_terms(dice: Random) -> Terms:
    every, zone = dice.choice(EVERY), dice.choice(ZONES)
    start = START + timedelta(minutes=dice.randint(0, 60 * 24 * 200))
    alignment, day = dice.choice(list(Alignment)), dice.randint(1, 31)
    lengths = ("P10D", "P1M", "P45D", "P2M3D")
    ends = start + timedelta(minutes=dice.randint(0, 60 * 24 * 300))
    return Terms(
        every=every,
        anchor=anchors.anchor(start, every, zone, alignment, day),
        zone=zone,
        counting=dice.choice(list(Counting)),
        phases=(
            Phase(Kind.DISCOUNT, card(dice), dice.choice(lengths)),
            Phase(Kind.EVERGREEN, card(dice)),
        ),
        phased_from=start,
        start=start,
        end=dice.choice((None, ends)),
        behind=dice.random() < 0.5,
    )


def card(dice: Random) -> RateCard:
    return RateCard(Flat(Decimal(dice.randint(1, 99_999)).scaleb(-2)))


def amount(piece: Piece) -> int:
    return lines.licensed(piece.card, "EUR", share=piece.share).amount


@pytest.mark.parametrize("seed", range(150))
def test_asking_day_by_day_gives_the_pieces_of_asking_once(seed: int) -> None:
    terms = some_terms(Random(seed))  # noqa: S311 - the same each time
    once = list(schedule.pieces(terms, terms.start, terms.start + 300 * DAY))
    daily: list[Piece] = []
    reached = terms.start
    for day in range(301):
        until = terms.start + day * DAY
        for piece in schedule.pieces(terms, reached, until):
            daily.append(piece)
            reached = piece.part.end
    assert daily == once
    gapless = [*(piece.part.start for piece in once[1:])]
    assert gapless == [piece.part.end for piece in once[:-1]]


@pytest.mark.parametrize("seed", range(150))
def test_a_period_billed_in_parts_comes_to_the_whole(seed: int) -> None:
    """However often it is interrupted, within one minor unit.

    Where both ends of a part are counted the day in between is in two of them.
    """
    dice = Random(seed)  # noqa: S311 - the same each time
    terms = replace(some_terms(dice), end=None, behind=False)
    if terms.counting == Counting.DAYS_INCLUSIVE:
        terms = replace(terms, counting=Counting.SECONDS)
    whole = schedule.following(terms, terms.start)
    assert whole is not None
    ends = sorted(
        terms.start + (whole.part.end - terms.start) * dice.random() for _ in range(5)
    )
    parts: list[Piece] = []
    for end in [*ends, None]:
        reached = parts[-1].part.end if parts else terms.start
        part = schedule.following(replace(terms, end=end), reached)
        parts += [part] if part and part.part.end <= whole.part.end else []
    off = abs(sum(map(amount, parts)) - amount(whole))
    assert off <= 1


def test_what_is_taken_out_of_a_period_is_not_in_what_is_left() -> None:
    def days(first: int, last: int) -> Period:
        return Period(START + first * DAY, START + last * DAY)

    assert periods.without(days(0, 10), []) == [days(0, 10)]
    assert periods.without(days(0, 10), [days(20, 30)]) == [days(0, 10)]
    assert periods.without(days(0, 10), [days(3, 5), days(8, 12)]) == [
        days(0, 3),
        days(5, 8),
    ]
    assert periods.without(days(3, 5), [days(0, 10)]) == []


def test_a_fixed_term_is_over_at_its_end() -> None:
    fixed = Phase(Kind.FIXED_TERM, RateCard(Flat(Decimal(10))), "P6W")
    terms = Terms(
        every=Every(Interval.WEEK),
        anchor=Anchor(START),
        zone=UTC,
        counting=Counting.SECONDS,
        phases=(fixed,),
        phased_from=START,
        start=START,
    )
    found = list(schedule.pieces(terms, START, START + 400 * DAY))
    assert len(found) == 6
    assert found[-1].part.end == START + 42 * DAY
