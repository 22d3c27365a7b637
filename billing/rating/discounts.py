"""Discounts: percentages and amounts off, split over lines, never below zero.

Coupons are taken in the order given, each from what the ones before it left over. An
amount that is more than there is to pay is not paid out: what is left of it stays with
a coupon that comes again, and is lost with one that is used once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar

from billing.rating import money
from billing.rating.money import Exact
from billing.rating.prices import Refused
from billing.rating.shares import Share, spread
from billing.rating.stored import Stored


class Duration(StrEnum):
    """For how many invoices a coupon holds."""

    ONCE = "once"
    REPEATING = "repeating"
    FOREVER = "forever"


@dataclass(frozen=True, slots=True)
class Coupon:
    """Either a percentage or minor units off; ``amount`` is what is left of it."""

    percent: Decimal | None = None
    amount: int | None = None
    duration: Duration = Duration.ONCE

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.amount is None):
            raise Refused("a coupon is either a percentage or an amount")
        if not 0 <= (self.percent or 0) <= 100 or (self.amount or 0) < 0:
            raise Refused("a coupon takes off something, and not more than all")


def percent_off(base: Exact, percent: Decimal) -> int:
    """Minor units off, rounded. A base below zero (a credit) is reduced as well."""
    return money.percent_of(base, percent)


def amount_off(base: int, amount: int) -> int:
    """Minor units off: the amount, or all there is to pay when that is less."""
    return max(0, min(base, amount))


@dataclass(frozen=True, slots=True)
class Reduced:
    """Minor units taken off, and what is left to pay."""

    off: int
    left: int


def by_percent(base: Exact, percent: Decimal) -> Reduced:
    """A percentage off an amount, of which both are rounded by themselves first."""
    off = percent_off(base, percent)
    return Reduced(off, money.rounded(base) - off)


def by_amount(base: int, amount: int) -> Reduced:
    """An amount off, and never below zero."""
    off = amount_off(base, amount)
    return Reduced(off, base - off)


def split(discount: int, lines: Sequence[int]) -> list[int]:
    """A discount over lines, in proportion to them; credits among them take none.

    The parts add up to the discount, or to all there is to pay when that is less, and
    no part is more than its line.
    """
    weights = [max(0, line) for line in lines]
    off = by_amount(sum(weights), discount).off
    return spread(off, weights) if any(weights) else [0] * len(lines)


def take_off(coupons: Sequence[Coupon], lines: Sequence[int]) -> list[list[int]]:
    """For each coupon, in order, what it takes off each line."""
    left, taken = list(lines), []
    for coupon in coupons:
        if coupon.percent is not None:
            off = [percent_off(max(0, line), coupon.percent) for line in left]
        else:
            off = split(coupon.amount or 0, left)
        left = [line - part for line, part in zip(left, off, strict=True)]
        taken.append(off)
    return taken


def leftover(coupon: Coupon, taken: int) -> int:
    """Minor units of an amount coupon that are kept for the next invoice."""
    if coupon.amount is None or coupon.duration == Duration.ONCE:
        return 0
    return coupon.amount - taken


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff(Stored):
    """A percentage off one line's amount."""

    rule: ClassVar[str] = "percent_off"

    base: int
    percent: Decimal
    currency: str

    @property
    def amount(self) -> int:
        """Below zero: it is in the customer's favour."""
        return -by_percent(self.base, self.percent).off

    @property
    def why(self) -> str:
        base = money.text(self.base, self.currency)
        return f"{money.plain(Fraction(self.percent))}% off {base}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountOff(Stored):
    """The part of an amount off that falls on line number ``line`` of ``lines``."""

    rule: ClassVar[str] = "amount_off"

    off: int
    lines: tuple[int, ...]
    currency: str
    line: int = 0

    @property
    def amount(self) -> int:
        """Below zero: it is in the customer's favour."""
        return -split(self.off, self.lines)[self.line]

    @property
    def why(self) -> str:
        off = money.text(self.off, self.currency)
        if len(self.lines) == 1:
            return f"{off} off {money.text(self.lines[0], self.currency)}"
        mine, all_ = self.lines[self.line], sum(max(0, line) for line in self.lines)
        shares = (
            f"{money.text(mine, self.currency)} of {money.text(all_, self.currency)}"
        )
        return f"{off} off, in proportion: {shares}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack(Stored):
    """Of what is given back (``base``, below zero), the part that was never paid.

    ``charged`` is what the line came to that it gives back from, and ``taken`` the
    discount on it: who paid half gets back half. ``before`` is how much of the line was
    given back before, so that all parts of it come to what was paid.
    """

    rule: ClassVar[str] = "given_back"

    base: int
    charged: int
    taken: int
    currency: str
    before: int = 0

    @property
    def amount(self) -> int:
        """Above zero: it is in the seller's favour."""
        share = Share(self.taken, self.charged)
        return share.of(self.before - self.base) - share.of(self.before)

    @property
    def why(self) -> str:
        taken = money.text(self.taken, self.currency)
        return f"{taken} of {money.text(self.charged, self.currency)} were never paid"
