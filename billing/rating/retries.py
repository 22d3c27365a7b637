"""When an attempt that failed is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import accumulate


def dates(failed_on: date, intervals: Sequence[int]) -> list[date]:
    """Days of the attempts after a failure; each interval counts from the one before.

    In days of the account's zone: the caller says on which of them the payment failed.
    """
    return [failed_on + timedelta(days=days) for days in accumulate(intervals)]


def moments(
    failed_at: datetime, intervals: Sequence[int], zone: tzinfo
) -> list[datetime]:
    """The same as moments: at the time of day of the failure, by the clocks there."""
    local = failed_at.astimezone(zone)
    days = dates(local.date(), intervals)
    return [datetime.combine(day, local.timetz()).astimezone(UTC) for day in days]


# Rests between looks at something whose outcome is not known, the last one for ever.
LOOKS = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))


def next_look(at: datetime, looks: int) -> datetime:
    """When to look again after so many looks: in 5 minutes, an hour, then each day.

    As Kill Bill asks again about payments whose outcome it does not know.
    """
    return at + LOOKS[min(looks, len(LOOKS) - 1)]
