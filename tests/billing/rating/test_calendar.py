"""Anchors, stubs, phases, changes and usage in time; days as the account sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from billing.rating import (
    anchors,
    durations,
    lines,
    phases,
    proration,
    retries,
    schedule,
)
from billing.rating.anchors import Alignment, Anchor
from billing.rating.cards import RateCard
from billing.rating.periods import Every, Interval, Period, containing, period
from billing.rating.phases import Kind, Phase
from billing.rating.prices import Flat, Refused
from billing.rating.proration import Counting
from billing.rating.schedule import Terms
from billing.rating.usage import Aggregation, Event, aggregate
from billing.rating.versions import NotSold, Version, sold, succeeding

BERLIN = ZoneInfo("Europe/Berlin")
MONTH = Every(Interval.MONTH)
QUARTER = Every(Interval.MONTH, 3)
MARCH = Period(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "opens"),
    [
        (Every(Interval.DAY), "2026-05-20"),
        (Every(Interval.WEEK), "2026-05-18"),
        (MONTH, "2026-05-01"),
        (QUARTER, "2026-04-01"),
        (Every(Interval.YEAR), "2026-01-01"),
    ],
)
def test_the_calendar_opens_where_it_does_for_everybody(
    every: Every, opens: str
) -> None:
    start = datetime(2026, 5, 20, 15, tzinfo=BERLIN)
    found = anchors.anchor(start, every, BERLIN, Alignment.CALENDAR)
    midnight = datetime.fromisoformat(opens).replace(tzinfo=BERLIN)
    assert found.at == midnight


def test_the_31st_is_kept_through_short_months() -> None:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    found = anchors.anchor(start, MONTH, UTC, Alignment.DAY, 31)
    days = [period(found.at, MONTH, n, UTC, found.day).end.day for n in range(4)]
    assert found.at == at("2026-02-28")
    assert days == [31, 30, 31, 30]


def test_the_anniversary_keeps_the_time_of_day() -> None:
    start = datetime(2026, 3, 1, 12, 34, tzinfo=UTC)
    assert anchors.anchor(start, MONTH, BERLIN).at == start


def test_a_day_that_no_month_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no day of a month"):
        anchors.anchor(at("2026-01-01"), MONTH, UTC, Alignment.DAY, 32)


@pytest.mark.parametrize(
    ("start", "anchor", "every", "ends"),
    [
        ("2023-01-15", "2023-02-01", Every(Interval.MONTH, 2), "2023-03-01"),
        ("2024-02-15", "2024-04-01", QUARTER, "2024-04-01"),
        ("2024-01-15", "2024-02-29", Every(Interval.YEAR), "2025-02-28"),
        ("2024-01-10", "2024-01-15", Every(Interval.WEEK), "2024-01-15"),
        ("2024-01-10", "2024-01-01", Every(Interval.DAY, 3), "2024-01-13"),
    ],
)
def test_a_first_period_need_not_begin_on_a_boundary(
    start: str, anchor: str, every: Every, ends: str
) -> None:
    assert anchors.period_end(at(start), at(anchor), every, UTC) == at(ends)


@pytest.mark.parametrize(
    ("start", "day", "every", "billed"),
    [
        ("2026-01-31", 15, Every(Interval.MONTH), "2026-02-15"),
        ("2026-01-31", 15, QUARTER, "2026-04-15"),
        ("2026-01-31", 15, Every(Interval.YEAR), "2027-01-15"),
        ("2026-01-10", 31, QUARTER, "2026-01-31"),
        ("2025-11-30", 29, QUARTER, "2026-02-28"),
        ("2026-01-31", 15, Every(Interval.WEEK), "2026-01-31"),
    ],
)
def test_the_first_billing_day_is_in_the_month_of_the_start_or_an_interval_later(
    start: str, day: int, every: Every, billed: str
) -> None:
    found = anchors.first(date.fromisoformat(start), day, every)
    assert found == date.fromisoformat(billed)


def test_who_asks_backwards_is_told_so() -> None:
    terms = by_days(date(2026, 1, 31), date(2026, 1, 31), 31)
    with pytest.raises(schedule.Backwards):
        schedule.from_start(terms, at("2026-01-30"))


def by_days(start: date, anchor: date, day: int, end: date | None = None) -> Terms:
    """Billed in advance and counted by days, from a given day of the month on."""
    return Terms(
        every=MONTH,
        anchor=Anchor(anchors.midnight(anchor, UTC), day),
        zone=UTC,
        counting=Counting.DAYS,
        phases=(Phase(Kind.EVERGREEN),),
        phased_from=anchors.midnight(start, UTC),
        start=anchors.midnight(start, UTC),
        end=anchors.midnight(end, UTC) if end else None,
    )


def test_a_stub_and_what_follows_it_are_shares_of_their_periods() -> None:
    terms = by_days(date(2021, 9, 17), date(2021, 9, 25), 25, date(2021, 11, 4))
    parts = list(schedule.pieces(terms, terms.start, at("2021-12-01")))
    assert [part.share.words for part in parts] == [
        "8 of 31 days",
        "30 of 30 days",
        "10 of 31 days",
    ]
    assert parts[0].share.of(2495) == 644


def test_a_stub_before_a_short_month_is_of_one_interval_back_from_it() -> None:
    terms = by_days(date(2023, 2, 14), date(2023, 2, 28), 31)
    stub, first, *_ = schedule.pieces(terms, terms.start, at("2023-05-01"))
    assert stub.share.words == "14 of 31 days"
    assert (first.whole.start, first.whole.end) == (at("2023-02-28"), at("2023-03-31"))


def test_billing_day_by_day_finds_the_same_parts() -> None:
    terms = by_days(date(2021, 1, 30), date(2021, 1, 31), 31)
    last = at("2021-12-24")
    at_once = list(schedule.pieces(terms, terms.start, last))
    one_by_one: list[schedule.Piece] = []
    day = reached = terms.start
    while day <= last:
        due = list(schedule.pieces(terms, reached, day))
        reached = due[-1].part.end if due else reached
        one_by_one += due
        day += timedelta(days=1)
    assert one_by_one == at_once


def test_a_day_of_23_hours_is_a_day() -> None:
    spring = Period(
        datetime(2026, 3, 1, tzinfo=BERLIN), datetime(2026, 4, 1, tzinfo=BERLIN)
    )
    rest = Period(datetime(2026, 3, 16, 12, tzinfo=BERLIN), spring.end)
    by_day = proration.part(Counting.DAYS, spring, rest, BERLIN)
    assert by_day.words == "16 of 31 days"
    by_second = proration.part(Counting.SECONDS, spring, rest, BERLIN)
    assert by_second.whole == 31 * 86_400 - 3600
    assert by_second.part == 15 * 86_400 + 12 * 3600 - 3600


def test_a_change_gives_back_no_more_than_was_charged() -> None:
    left = proration.part(Counting.SECONDS, MARCH, MARCH, UTC)
    assert lines.credit_of(24995, "EUR", left, 23995).amount == -23995


def test_phases_follow_each_other_in_wall_time() -> None:
    plan = (
        Phase(Kind.TRIAL, duration="P14D"),
        Phase(Kind.DISCOUNT, RateCard(Flat(D(5))), "P3M"),
        Phase(Kind.EVERGREEN, RateCard(Flat(D(10)))),
    )
    start = datetime(2026, 3, 17, 9, tzinfo=BERLIN)
    found = list(phases.dated(plan, start, BERLIN))
    assert [d.start.astimezone(BERLIN).isoformat() for d in found] == [
        "2026-03-17T09:00:00+01:00",
        "2026-03-31T09:00:00+02:00",
        "2026-06-30T09:00:00+02:00",
    ]
    assert phases.at(plan, start, at("2026-04-15"), BERLIN).phase.kind == Kind.DISCOUNT
    april = containing(at("2026-03-01"), MONTH, at("2026-03-20"))
    trial = found[0].within(april)
    assert trial is not None
    assert trial.end == found[0].end
    assert found[2].within(april) is None


def test_only_the_last_phase_goes_on() -> None:
    for wrong in ((), (Phase(Kind.TRIAL, duration="P1D"),)):
        with pytest.raises(Refused, match="phases"):
            phases.checked(wrong)


@pytest.mark.parametrize("text", ["", "P", "PT", "1M", "P1.5M", "P1H", "P-1D"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(durations.UnknownDuration):
        durations.parse(text)


def test_months_of_a_duration_are_clamped_before_days_are_counted() -> None:
    assert durations.after(at("2026-01-31"), "P1M1D") == at("2026-03-01")


EVENTS = (
    Event(at("2026-03-01"), D(10), "a", 1),
    Event(at("2026-03-11"), D(5), "b", 3),
    Event(at("2026-03-11"), D(7), "a", 2),
    Event(at("2026-04-01"), D(1000), "c", 4),
)


@pytest.mark.parametrize(
    ("how", "quantity"),
    [
        (Aggregation.SUM, 22),
        (Aggregation.COUNT, 3),
        (Aggregation.MAX, 10),
        (Aggregation.UNIQUE_COUNT, 2),
        (Aggregation.LATEST, 5),
        (Aggregation.WEIGHTED_SUM, 10 + Fraction(12 * 21, 31)),
    ],
)
def test_usage_is_counted_from_the_start_until_before_the_end(
    how: Aggregation, quantity: Fraction
) -> None:
    assert aggregate(how, EVENTS, MARCH) == quantity
    assert aggregate(how, reversed(EVENTS), MARCH) == quantity


def test_a_level_is_carried_over_where_nothing_happened() -> None:
    for how in (Aggregation.LATEST, Aggregation.MAX, Aggregation.WEIGHTED_SUM):
        assert aggregate(how, [], MARCH, carried=D(4)) == 4
    assert aggregate(Aggregation.SUM, [], MARCH, carried=D(4)) == 0


VERSIONS = (
    Version(date(2020, 1, 1), D(30)),
    Version(date(2021, 1, 15), D(60), effective_for_existing=date(2021, 3, 1)),
    Version(date(2022, 1, 1), None),
)


def holding(known: Sequence[Version], subscribed: date, day: date) -> Version:
    return succeeding(sold(known, subscribed), known, day)


def test_a_running_subscription_keeps_its_price_until_it_is_told() -> None:
    starts = [date(2021, month, 1) for month in (1, 2, 3)]
    prices = [holding(VERSIONS, starts[0], day).price for day in starts]
    assert prices == [30, 30, 60]
    assert sold(VERSIONS, date(2021, 2, 1)).price == 60


def test_a_plan_that_was_taken_off_sale_goes_on_for_those_who_have_it() -> None:
    assert holding(VERSIONS, date(2021, 2, 1), date(2023, 1, 1)).price == 60
    for day in (date(2022, 1, 1), date(2019, 1, 1)):
        with pytest.raises(NotSold):
            sold(VERSIONS, day)


def test_retries_count_from_each_other() -> None:
    assert retries.dates(date(2026, 2, 27), [2, 5]) == [
        date(2026, 3, 1),
        date(2026, 3, 6),
    ]


def test_in_arrears_a_period_is_billed_when_it_is_over() -> None:
    terms = replace(by_days(date(2021, 9, 17), date(2021, 9, 17), 17), behind=True)
    before = list(schedule.pieces(terms, terms.start, at("2021-10-16")))
    over = list(schedule.pieces(terms, terms.start, at("2021-10-17")))
    assert before == []
    assert [piece.part for piece in over] == [
        Period(at("2021-09-17"), at("2021-10-17"))
    ]
