"""A change in the middle of a period: what goes back, and what is due for the rest.

How a part of a period is counted is a setting of the account and never changed
silently. By the second: the share is exact. By the day, in the account's zone: the day
of the change is the new plan's first (exclusive), or both ends of what is left are
counted, a day more (inclusive).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from fractions import Fraction

from billing.rating import credit_notes, cycles, dates, discounts, money
from billing.rating.money import Exact
from billing.rating.periods import Every, Period, boundary
from billing.rating.shares import WHOLE, Share


class Counting(StrEnum):
    """How a part of a period is counted."""

    SECONDS = "seconds"
    DAYS = "days, the last one exclusive"
    DAYS_INCLUSIVE = "days, both ends inclusive"


@dataclass(frozen=True, slots=True)
class Change:
    """What a change comes to, in minor units; the credit is not above zero."""

    credit: int
    debit: int
    period: Period | None = None

    @property
    def given_back(self) -> int:
        """The credit as an amount above zero."""
        return -self.credit

    @property
    def net(self) -> int:
        return self.credit + self.debit


def counted(counting: Counting, part: int, whole: int, before: int = 0) -> Share:
    """A share of so many days or seconds, as the account counts.

    Days with the last one exclusive have their fraction rounded to nine digits.
    """
    if counting == Counting.DAYS:
        return cycles.days_of(part, whole, before)
    unit = 1 if counting == Counting.SECONDS else cycles.DAY
    return Share(part, whole, before, unit)


def rest(counting: Counting, period: Period, at: datetime, zone: tzinfo) -> Share:
    """What is left of a period at a moment, as the account counts."""
    if counting == Counting.SECONDS:
        return counted(counting, period.left(at), period.seconds)
    whole = dates.days_between(period.start, period.end, zone)
    left = dates.days_between(at, period.end, zone)
    if counting == Counting.DAYS_INCLUSIVE:
        left += 1
    return counted(counting, max(0, min(left, whole)), whole)


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


def by_fraction(old: Exact, new: Exact, fraction: Exact) -> Change:
    """Credit and debit for the same fraction that is left; amounts in minor units."""
    left = Fraction(fraction)
    credit = -money.rounded(Fraction(old) * left)
    return Change(credit, money.rounded(Fraction(new) * left))


def by_share(old: int, new: int, left: Share, at_most: int | None = None) -> Change:
    """The same for a share of a period, and no more back than ``at_most``."""
    back = left.of(old)
    if at_most is not None:
        back = credit_notes.cap(back, at_most, 0)
    return Change(-back, left.of(new))


def discounted(
    lines: Sequence[int], discount: int, fraction: Exact
) -> list[tuple[int, int]]:
    """For each line its part of an amount off, and a fraction of what then remains."""
    off = discounts.split(discount, lines)
    rest_of_lines = (line - part for line, part in zip(lines, off, strict=True))
    left = (money.rounded(rest * Fraction(fraction)) for rest in rest_of_lines)
    return list(zip(off, left, strict=True))


def now(
    old: int, new: int, period: Period, at: datetime, renewed: Every | None = None
) -> Change:
    """A change at a moment, by the second.

    Within the same interval the rest of the period is credited and charged. With
    another one (``renewed``) a new period begins at that moment, charged in full.
    """
    left = counted(Counting.SECONDS, period.left(at), period.seconds)
    if renewed is None:
        return by_share(old, new, left)
    begun = Period(at, boundary(at, renewed, 1))
    return Change(-left.of(old), WHOLE.of(new), begun)
