"""A change in the middle of a period: what goes back, and what is due for the rest.

How a part of a period is counted is a setting of the account and never changed
silently. By the second: the share is exact. By the day, in the account's zone: the day
of the change is the new plan's first (exclusive), or both ends of what is left are
counted, a day more (inclusive).
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from enum import StrEnum

from billing.rating import cycles, dates
from billing.rating.periods import Period
from billing.rating.shares import Share


class Counting(StrEnum):
    """How a part of a period is counted."""

    SECONDS = "seconds"
    DAYS = "days, the last one exclusive"
    DAYS_INCLUSIVE = "days, both ends inclusive"


def counted(counting: Counting, part: int, whole: int, before: int = 0) -> Share:
    """A share of so many days or seconds, as the account counts.

    Days with the last one exclusive have their fraction rounded to nine digits.
    """
    if counting == Counting.DAYS:
        return cycles.days_of(part, whole, before)
    unit = 1 if counting == Counting.SECONDS else cycles.DAY
    return Share(part, whole, before, unit)


def part(
    counting: Counting,
    whole: Period,
    within: Period,
    zone: tzinfo,
    since: datetime | None = None,
) -> Share:
    """What is ``within`` a whole period, as the account counts.

    What was billed before it, from ``since`` on, is known to the share, so that parts
    that follow each other add up. By days the day in which it ends belongs to what
    follows; with both ends counted, to both.
    """
    opens = _passed(counting, whole, within.start, zone)
    begun = opens if since is None else _passed(counting, whole, since, zone)
    closes = _passed(counting, whole, within.end, zone)
    if counting == Counting.DAYS_INCLUSIVE:
        last = within.end - datetime.resolution
        closes = _passed(counting, whole, last, zone) + 1
    length = _passed(counting, whole, whole.end, zone)
    closes = max(opens, min(closes, length))
    return counted(counting, closes - opens, length, opens - begun)


def _passed(counting: Counting, whole: Period, at: datetime, zone: tzinfo) -> int:
    """Days or seconds from the start of a period to a moment in it."""
    if counting == Counting.SECONDS:
        return whole.seconds - whole.left(at)
    return dates.days_between(whole.start, at, zone)
