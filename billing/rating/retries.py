"""When an attempt that failed is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate


def dates(failed_on: date, intervals: Sequence[int]) -> list[date]:
    """Days of the attempts after a failure; each interval counts from the one before.

    In days of the account's zone: the caller says on which of them the payment failed.
    """
    return [failed_on + timedelta(days=days) for days in accumulate(intervals)]


# Rests between looks at something whose outcome is not known, the last one for ever.
LOOKS = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))


def next_look(at: datetime, looks: int) -> datetime:
    """When to look again after so many looks: in 5 minutes, an hour, then each day.

    As Kill Bill asks again about payments whose outcome it does not know.
    """
    return at + LOOKS[min(looks, len(LOOKS) - 1)]
