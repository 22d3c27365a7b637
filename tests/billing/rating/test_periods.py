"""Periods: always from the first anchor, clamped to short months, without gaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating.periods import Every, Interval, Period, boundary, index_at, period

MONTHLY = Every(Interval.MONTH)
ANCHORS = st.datetimes(
    min_value=datetime(2000, 1, 1), max_value=datetime(2040, 1, 1)
).map(lambda naive: naive.replace(tzinfo=UTC))
EVERIES = st.builds(
    Every, st.sampled_from(Interval), st.integers(min_value=1, max_value=12)
)


def starts(anchor: datetime, every: Every, count: int) -> list[str]:
    return [boundary(anchor, every, n).date().isoformat() for n in range(count)]


def test_a_short_month_does_not_shorten_the_ones_after_it() -> None:
    anchor = datetime(2026, 1, 31, tzinfo=UTC)
    assert starts(anchor, MONTHLY, 5) == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]


def test_a_leap_day_comes_back_in_leap_years() -> None:
    anchor = datetime(2024, 2, 29, tzinfo=UTC)
    days = starts(anchor, Every(Interval.YEAR), 5)
    assert days == [
        "2024-02-29",
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_months_are_counted_in_the_wall_time_of_the_account() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    anchor = datetime(2026, 3, 1, 0, 30, tzinfo=berlin)
    second = boundary(anchor, MONTHLY, 1, berlin).astimezone(berlin)
    # Summer time has begun meanwhile; the wall says the same.
    assert (second.month, second.day, second.hour, second.minute) == (4, 1, 0, 30)


@given(ANCHORS, EVERIES, st.integers(min_value=-30, max_value=60))
def test_a_period_ends_where_the_next_one_starts(
    anchor: datetime, every: Every, n: int
) -> None:
    this, following = period(anchor, every, n), period(anchor, every, n + 1)
    assert this.end == following.start
    assert this.start < this.end


@given(ANCHORS, EVERIES, st.integers(min_value=0, max_value=3 * 365 * 86_400))
def test_every_moment_is_in_just_the_period_that_is_found(
    anchor: datetime, every: Every, later: int
) -> None:
    moment = anchor + timedelta(seconds=later)
    found = period(anchor, every, index_at(anchor, every, moment))
    assert found.start <= moment < found.end


def test_what_is_left_of_a_period_is_between_nothing_and_all() -> None:
    month = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    assert month.left(datetime(2025, 12, 1, tzinfo=UTC)) == month.seconds
    assert month.left(datetime(2026, 3, 1, tzinfo=UTC)) == 0
    assert month.left(datetime(2026, 1, 31, tzinfo=UTC)) == 86_400


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Every(Interval.DAY, 0)
