"""A share of a period: so many of so many days or seconds.

Parts of one period that are billed one after the other must add up to its price.
Rounding each alone can not do that (31 days of 24.95 are 0.80 each and 24.80 in all),
so a share knows how much of the period was billed before it and takes the difference
of two cumulative amounts. A part that is the first one billed is simply rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from billing.rating import money
from billing.rating.money import Exact

UNITS = ((86_400, "days"), (3_600, "hours"), (1, "seconds"))


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole`` of a period, after ``before`` of it was billed already.

    ``unit`` is the number of seconds in one of them, 86,400 where days are counted.
    ``places`` rounds the fraction to so many digits first, as engines do whose working
    scale is limited (nine in the day-based setting); ``None`` keeps it exact.
    """

    part: int
    whole: int
    before: int = 0
    unit: int = 1
    places: int | None = None

    def __post_init__(self) -> None:
        within = 0 <= self.before <= self.before + self.part <= self.whole
        if not within or self.whole == 0 or self.part < 0:
            raise ValueError(f"{self.part} of {self.whole} is no share")

    def exact(self, amount: Exact) -> Fraction:
        """This share of an amount, not rounded and not less what was billed before."""
        return Fraction(amount) * self.fraction

    @property
    def fraction(self) -> Fraction:
        """The part of the whole."""
        return self._fraction(self.part)

    def of(self, amount: Exact) -> int:
        """This share of an amount in minor units, rounded half away from zero."""
        before = money.rounded(Fraction(amount) * self._fraction(self.before))
        until = self._fraction(self.before + self.part)
        return money.rounded(Fraction(amount) * until) - before

    def _fraction(self, part: int) -> Fraction:
        exact = Fraction(part, self.whole)
        if self.places is None:
            return exact
        return Fraction(money.at_places(exact, self.places))

    @property
    def words(self) -> str:
        """``9 of 31 days``, and ``after 22`` where some were billed before."""
        numbers = (self.part * self.unit, self.whole * self.unit)
        size, unit = next(
            (size, unit) for size, unit in UNITS if not any(n % size for n in numbers)
        )
        part, whole = (f"{n // size:,}" for n in numbers)
        after = Fraction(self.before * self.unit, size)
        told = f", after {money.plain(after)} that were billed" if after else ""
        return f"{part} of {whole} {unit}{told}"


WHOLE = Share(1, 1)


def spread(amount: int, weights: Sequence[Exact]) -> list[int]:
    """Split an amount in proportion to weights; the parts add up to it exactly.

    The leftover rule: part n is the difference of the cumulative shares up to n and
    n - 1, so no part is off by more than one minor unit and none changes its sign.
    Raises ValueError when there is nothing to split by.
    """
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must not be negative, nor all zero")
    reached = accumulate((Fraction(w) for w in weights), initial=Fraction(0))
    ends = [money.rounded(amount * sum_so_far / whole) for sum_so_far in reached]
    return [end - start for start, end in pairwise(ends)]
