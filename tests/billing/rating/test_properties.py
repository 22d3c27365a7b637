"""What holds for every price, share, discount and line, not for chosen ones only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from billing.rating import (
    anchors,
    credit_notes,
    dates,
    discounts,
    lines,
    proration,
    taxes,
)
from billing.rating.anchors import Alignment
from billing.rating.cards import RateCard
from billing.rating.discounts import AmountOff, Coupon, PercentOff
from billing.rating.lines import Charge, Licensed, from_inputs
from billing.rating.metering import Metered, TrueUp
from billing.rating.periods import Every, Interval, Period, boundary, index_at
from billing.rating.proration import Counting
from billing.rating.shares import Share, spread
from tests.billing.rating.samples import (
    AMOUNTS,
    CURRENCIES,
    FLAT_AMOUNTS,
    QUANTITIES,
    cards,
    decimals,
    runs,
    shares,
)

# Machines that run tests are busy: how long an example takes says nothing.
PATIENT: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
moderate = settings(max_examples=60, **PATIENT)
PERCENTS = st.lists(decimals(40, 3), min_size=1, max_size=3)
LINES = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=6)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)).map(
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)
EVERIES = st.builds(Every, st.sampled_from(Interval), st.integers(1, 12))


@moderate
@given(AMOUNTS, st.integers(1, 366), st.data())
def test_any_parts_of_a_period_make_its_price(
    price: int, days: int, data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(0, days), max_size=12).map(sorted))
    ends = [0, *cuts, days]
    parts = [Share(end - start, days, start).of(price) for start, end in pairwise(ends)]
    assert sum(parts) == price
    exact = [Fraction(price * (end - start), days) for start, end in pairwise(ends)]
    assert all(abs(part - whole) <= 1 for part, whole in zip(parts, exact, strict=True))


@moderate
@given(AMOUNTS, st.integers(1, 366))
def test_to_a_date_in_one_go_is_day_by_day(price: int, days: int) -> None:
    daily = [Share(1, days, day).of(price) for day in range(days)]
    for until in (days // 3, days // 2, days):
        assert sum(daily[:until]) == Share(until, days).of(price)


@moderate
@given(AMOUNTS, shares())
def test_a_share_is_symmetric(price: int, share: Share) -> None:
    assert share.of(-price) == -share.of(price)


@moderate
@given(st.integers(-(10**9), 10**9), st.lists(decimals(1000, 4), min_size=1))
def test_what_is_spread_is_all_there_again(amount: int, weights: list[Decimal]) -> None:
    assume(any(weights))
    parts = spread(amount, weights)
    assert sum(parts) == amount
    assert all(part * amount >= 0 for part in parts)


@moderate
@given(cards(), CURRENCIES, st.lists(QUANTITIES, min_size=1, max_size=6))
def test_deltas_sum_to_the_total(
    card: RateCard, currency: str, quantities: list[Decimal]
) -> None:
    total = sum(runs(card, currency, quantities))
    assert total == sum(runs(card, currency, quantities[-1:]))


@moderate
@given(cards(), CURRENCIES, QUANTITIES)
def test_running_again_adds_nothing(
    card: RateCard, currency: str, quantity: Decimal
) -> None:
    first = Metered(card=card, currency=currency, quantity=quantity)
    again = Metered(
        card=card, currency=currency, quantity=quantity, billed=first.so_far
    )
    assert again.amount == 0


@moderate
@given(MOMENTS, EVERIES, ZONES, st.integers(1, 60))
def test_no_boundary_is_chained(
    anchor: datetime, every: Every, name: str, n: int
) -> None:
    zone = ZoneInfo(name)
    wall, moved = anchor.astimezone(zone), boundary(anchor, every, n, zone)
    local = moved.astimezone(zone)
    if every.monthly:
        last = (local.replace(day=28) + timedelta(days=4)).replace(day=1)
        days = (last - timedelta(days=1)).day
        assert local.day == min(wall.day, days)
    else:
        apart = local.date() - wall.date()
        assert apart.days % (7 if every.interval == Interval.WEEK else 1) == 0


@moderate
@given(MOMENTS, EVERIES, ZONES, st.integers(-1, 40), st.integers(0, 31))
def test_a_period_from_a_boundary_ends_at_the_next(
    anchor: datetime, every: Every, name: str, n: int, day: int
) -> None:
    zone = ZoneInfo(name)
    kept = day if every.monthly and day else None
    if kept:  # an anchor is on the day that is kept, or on its month's last
        wall = anchor.astimezone(zone)
        anchor = datetime.combine(dates.on_day(wall.date(), kept), wall.timetz())
    start = boundary(anchor, every, n, zone, kept)
    ends = anchors.period_end(start, anchor, every, zone, day=kept)
    assert ends == boundary(anchor, every, n + 1, zone, kept)


@moderate
@given(MOMENTS, EVERIES, ZONES, st.sampled_from(Alignment), st.integers(1, 31))
def test_a_subscription_begins_in_the_first_period_of_its_anchor(
    start: datetime, every: Every, name: str, alignment: Alignment, day: int
) -> None:
    zone = ZoneInfo(name)
    found = anchors.anchor(start, every, zone, alignment, day)
    assert found.at <= start
    assert index_at(found.at, every, start, zone, found.day) == 0


@moderate
@given(LINES, st.integers(0, 10**7))
def test_an_amount_off_is_never_more_than_its_line(lines_: list[int], off: int) -> None:
    parts = discounts.split(off, lines_)
    there = sum(max(0, line) for line in lines_)
    assert sum(parts) == min(off, there)
    for line, part in zip(lines_, parts, strict=True):
        assert 0 <= part <= max(0, line)


@moderate
@given(LINES, st.lists(st.one_of(decimals(100, 3), st.integers(0, 10**6)), max_size=4))
def test_coupons_leave_nothing_below_zero(
    lines_: list[int], values: list[Decimal | int]
) -> None:
    coupons = [
        Coupon(amount=value) if isinstance(value, int) else Coupon(percent=value)
        for value in values
    ]
    left = list(lines_)
    for taken in discounts.take_off(coupons, lines_):
        left = [line - off for line, off in zip(left, taken, strict=True)]
    assert all(after >= min(0, line) for after, line in zip(left, lines_, strict=True))


@moderate
@given(st.integers(0, 10**9), PERCENTS)
def test_tax_inside_a_price_leaves_the_price(
    gross: int, percents: list[Decimal]
) -> None:
    found = taxes.Assessment(gross, tuple(percents), inclusive=True)
    assert found.gross == gross
    assert 0 <= found.net <= gross
    again = sum(taxes.exclusive(found.net, percents))
    assert abs(found.net + again - gross) <= len(percents)


@moderate
@given(st.integers(1, 10**8), PERCENTS, st.data())
def test_credit_notes_are_never_more_than_the_invoice(
    subtotal: int, percents: list[Decimal], data: st.DataObject
) -> None:
    invoice = credit_notes.Amounts(subtotal, taxes.together(subtotal, percents))
    notes: list[credit_notes.Amounts] = []
    left = subtotal
    while left:
        back = data.draw(st.integers(max(1, left // 3), left))
        notes.append(credit_notes.credit(back, percents, invoice, notes))
        left -= back
        assert sum(note.total for note in notes) <= invoice.total
    assert sum(note.total for note in notes) == invoice.total


ALL_LINES = st.one_of(
    st.builds(
        Charge,
        unit_amount=AMOUNTS,
        currency=CURRENCIES,
        quantity=st.integers(0, 1000),
        part=st.integers(0, 50),
        whole=st.integers(100, 366),
        before=st.integers(0, 50),
        credit=st.booleans(),
    ),
    st.builds(
        Licensed,
        card=cards(),
        currency=CURRENCIES,
        quantity=QUANTITIES,
        share=shares(),
        credit=st.booleans(),
        at_most=st.one_of(st.none(), AMOUNTS),
    ),
    st.builds(
        Metered,
        card=cards(),
        currency=CURRENCIES,
        quantity=QUANTITIES,
        billed=AMOUNTS,
        share=shares(),
    ),
    st.builds(
        TrueUp,
        commitment=FLAT_AMOUNTS,
        currency=CURRENCIES,
        used=AMOUNTS,
        share=shares(),
    ),
    st.builds(PercentOff, base=AMOUNTS, percent=decimals(100, 3), currency=CURRENCIES),
    st.builds(AmountOff, off=AMOUNTS, lines=LINES.map(tuple), currency=CURRENCIES),
)


@settings(max_examples=200, **PATIENT)
@given(ALL_LINES)
def test_a_line_is_the_same_again_from_its_stored_inputs(line: lines.Line) -> None:
    again = from_inputs(lines.inputs(line))
    assert (again, again.amount, again.why) == (line, line.amount, line.why)


MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


@moderate
@given(
    st.integers(0, 10**7),
    st.lists(st.tuples(st.integers(0, MARCH.seconds), st.integers(0, 10**7))),
    st.sampled_from([Counting.SECONDS, Counting.DAYS]),
)
def test_however_often_it_changes_no_part_is_paid_twice(
    price: int, changes: list[tuple[int, int]], counting: Counting
) -> None:
    zone, paid = ZoneInfo("Europe/Berlin"), price
    charged, there_and_back = price, price
    for second, other in sorted(changes):
        moment = MARCH.start + timedelta(seconds=second)
        left = proration.part(counting, MARCH, Period(moment, MARCH.end), zone)
        back = lines.credit_of(charged, "EUR", left, charged)
        # What goes back is a part of what was paid, and never all that was used too.
        assert -back.amount <= paid
        paid, charged = lines.share_of(other, "EUR", left).amount, other
        there_and_back += lines.credit_of(price, "EUR", left, price).amount
        there_and_back += lines.share_of(price, "EUR", left).amount
    assert there_and_back == price
