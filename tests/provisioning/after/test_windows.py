"""Maintenance windows, also on the days on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from provisioning import windows
from provisioning.windows import Window

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",
    "Africa/Casablanca",  # clocks change in Ramadan
    "America/Santiago",  # the change is at midnight
)
MOMENTS = some.datetimes(
    datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=some.just(UTC)
)
# Around the changes, where mistakes live.
CHANGES = some.sampled_from(
    [
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),  # Berlin, forward
        datetime(2026, 10, 25, 1, 0, tzinfo=UTC),  # Berlin, back
        datetime(2026, 3, 8, 7, 0, tzinfo=UTC),  # New York, forward
        datetime(2026, 11, 1, 6, 0, tzinfo=UTC),  # New York, back
        datetime(2026, 9, 6, 4, 0, tzinfo=UTC),  # Santiago, forward at midnight
    ]
)
NEAR = some.builds(
    lambda change, minutes: change + timedelta(minutes=minutes),
    CHANGES,
    some.integers(-1600, 1600),
)
WINDOWS = some.builds(
    Window,
    days=some.frozensets(some.integers(0, 6), min_size=1),
    begins=some.builds(time, some.integers(0, 23), some.sampled_from([0, 15, 30])),
    ends=some.builds(time, some.integers(0, 23), some.sampled_from([0, 15, 30])),
    zone=some.sampled_from(ZONES).map(ZoneInfo),
)


@settings(max_examples=300)
@given(WINDOWS, MOMENTS | NEAR)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    window: Window, at: datetime
) -> None:
    opening = windows.next_opening(window, at)
    if opening is None:  # begins and ends in an hour that this week leaves out
        return
    assert opening >= at
    assert windows.is_open(window, opening)
    step = (opening - at) / 40
    if opening > at:
        assert not any(
            windows.is_open(window, at + step * number) for number in range(40)
        )


@settings(max_examples=300)
@given(WINDOWS, MOMENTS | NEAR)
def test_an_open_window_closes_and_stays_open_until_then(
    window: Window, at: datetime
) -> None:
    end = windows.closes(window, at)
    assert windows.is_open(window, at) == (end is not None)
    if end is None:
        return
    last = end - timedelta(seconds=1)
    assert windows.is_open(window, max(at, last))
    assert end - at <= timedelta(hours=26)


@settings(max_examples=200)
@given(WINDOWS, MOMENTS)
def test_it_is_open_by_the_clock_on_the_wall(window: Window, at: datetime) -> None:
    """Away from changes of the clock the wall says it alone."""
    local = at.astimezone(window.zone)
    around = {
        (at + timedelta(hours=hours)).astimezone(window.zone).utcoffset()
        for hours in (-50, -26, 0, 26)
    }
    if len(around) > 1:
        return
    wall, today = local.time(), local.weekday()
    yesterday = (today - 1) % 7
    if window.over_midnight:
        wanted = (today in window.days and wall >= window.begins) or (
            yesterday in window.days and wall < window.ends
        )
    else:
        wanted = today in window.days and window.begins <= wall < window.ends
    assert windows.is_open(window, at) == wanted


def berlin(begins: str, ends: str, *days: str) -> Window:
    stored = {
        "days": list(days or windows.DAYS),
        "from": begins,
        "to": ends,
        "zone": "Europe/Berlin",
    }
    window = windows.of(stored)
    assert window is not None
    return window


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    night = berlin("22:00", "04:00", "sat")
    assert windows.is_open(night, datetime(2026, 6, 7, 1, 0, tzinfo=UTC))  # Sunday
    assert not windows.is_open(night, datetime(2026, 6, 6, 1, 0, tzinfo=UTC))


def test_an_hour_that_is_left_out_is_not_waited_for() -> None:
    early = berlin("02:30", "04:00", "sun")
    before = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    assert windows.next_opening(early, before) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_window_inside_the_hour_that_is_left_out_waits_for_next_week() -> None:
    inside = berlin("02:15", "02:45", "sun")
    before = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    following = datetime(2026, 4, 5, 0, 15, tzinfo=UTC)
    assert windows.next_opening(inside, before) == following


def test_an_hour_that_comes_twice_is_open_twice() -> None:
    early = berlin("02:00", "03:00", "sun")
    for hour in (0, 1):
        at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        assert windows.is_open(early, at)
    assert not windows.is_open(early, datetime(2026, 10, 25, 2, 30, tzinfo=UTC))


@pytest.mark.parametrize("moment", [datetime(2026, 1, 1, tzinfo=UTC)])
def test_no_window_is_always_open(moment: datetime) -> None:
    assert windows.of({}) is None
    assert windows.is_open(None, moment)
    assert windows.next_opening(None, moment) == moment
    assert windows.told(None) == "at any time"
