"""Packages: units are sold so many at a time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from billing.rating.money import Exact
from billing.rating.prices import Rated, Refused, checked, product, units
from billing.rating.stored import Stored


class Rounding(StrEnum):
    """What a package that is not full counts as: a whole one, or none."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Package(Stored):
    """So much for each ``size`` units, after ``free_units`` that cost nothing."""

    amount: Decimal
    size: Decimal
    rounding: Rounding = Rounding.UP
    free_units: Decimal = Decimal(0)
    model: Literal["package"] = "package"

    def __post_init__(self) -> None:
        checked(self.amount, "the amount of a package")
        checked(self.free_units, "the free units")
        if self.size <= 0:
            raise Refused("a package holds more than nothing")

    def rate(self, quantity: Exact) -> Rated:
        """Packages times their amount. Raises Refused for a quantity below zero."""
        paid = max(Fraction(0), units(quantity) - Fraction(self.free_units))
        packages = count(paid, self.size, self.rounding)
        return Rated(tuple(product("usage in period", packages, self.amount)), paid)


def count(quantity: Fraction, size: Decimal, rounding: Rounding) -> int:
    """How many packages of a size a quantity makes."""
    full, rest = divmod(quantity, Fraction(size))
    return int(full) + (1 if rest and rounding == Rounding.UP else 0)
