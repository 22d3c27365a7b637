"""Maintenance windows: on which days, between which hours, where.

Hours are what a clock on the wall of that place shows. A window that ends before it
begins goes over midnight and belongs to the day on which it begins. When a clock is
put back, the hour that comes twice is open twice; one that is left out is not waited
for: a window that begins inside it is open from the first moment after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AHEAD = 9  # days: the same weekday comes again after seven, and one begins before


@dataclass(frozen=True, slots=True)
class Window:
    """``days`` by number, Monday is 0. Without days it is never open."""

    days: frozenset[int]
    begins: time
    ends: time
    zone: ZoneInfo

    @property
    def over_midnight(self) -> bool:
        return self.ends <= self.begins


def of(stored: Mapping[str, Any]) -> Window | None:
    """The window as a deployment keeps it; None (always open) for an empty one."""
    if not stored:
        return None
    return Window(
        days=frozenset(DAYS.index(day) for day in stored["days"]),
        begins=time.fromisoformat(stored["from"]),
        ends=time.fromisoformat(stored["to"]),
        zone=ZoneInfo(stored["zone"]),
    )


def is_open(window: Window | None, at: datetime) -> bool:
    """Whether work may begin at this moment."""
    if window is None:
        return True
    return any(begin <= at < end for begin, end in _around(window, at))


def next_opening(window: Window | None, after: datetime) -> datetime | None:
    """The first moment, not before ``after``, at which it is open; None for never."""
    if window is None or is_open(window, after):
        return after
    coming = [begin for begin, _ in _around(window, after) if begin > after]
    return min(coming, default=None)


def closes(window: Window | None, at: datetime) -> datetime | None:
    """When the window that is open at ``at`` ends; None where none is, or no end."""
    if window is None:
        return None
    ends = [end for begin, end in _around(window, at) if begin <= at < end]
    return max(ends, default=None)


def told(window: Window | None) -> str:
    """The window in words."""
    if window is None:
        return "at any time"
    days = ", ".join(DAYS[day].capitalize() for day in sorted(window.days))
    return f"{days} {window.begins:%H:%M}-{window.ends:%H:%M} ({window.zone.key})"


def _around(window: Window, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Begin and end (UTC) of each time it is open, from before ``at`` on."""
    today = at.astimezone(window.zone).date()
    for offset in range(-2, AHEAD):
        day = today + timedelta(days=offset)
        if day.weekday() in window.days:
            begin, end = _moments(window, day)
            if begin < end:
                yield begin, end


def _moments(window: Window, day: date) -> tuple[datetime, datetime]:
    last = day + timedelta(days=1) if window.over_midnight else day
    begin = _moment(day, window.begins, window.zone, fold=0)
    return begin, _moment(last, window.ends, window.zone, fold=1)


def _moment(day: date, wall: time, zone: ZoneInfo, *, fold: int) -> datetime:
    """When a wall clock shows this; where it never does, when it first shows more.

    ``fold``: which of two times when it shows it twice, 0 the first, 1 the second.
    """
    local = datetime.combine(day, wall, zone).replace(fold=fold)
    moment = local.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return moment
    # Left out: the two readings (PEP 495) lie before and after the gap by its length,
    # so the gap itself is found where the offset changes between them.
    low, high = sorted(local.replace(fold=number).astimezone(UTC) for number in (0, 1))
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
