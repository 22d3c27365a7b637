"""Prices: what a quantity costs, exactly, with the steps that lead there.

A price knows nothing of currencies, periods or rounding: amounts here are exact and in
major units, and the line that uses the price rounds once. Each step says a quantity, a
unit amount and their product, so that the sum can be followed by hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, Protocol

from billing.rating import money
from billing.rating.money import Exact
from billing.rating.stored import Stored

MOST_PLACES = 12


class Refused(ValueError):
    """A price or a quantity makes no sense; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One product of the sum. A flat fee has no quantity of its own."""

    name: str
    total: Fraction
    quantity: Fraction | None = None
    unit_amount: Fraction | None = None

    @property
    def words(self) -> str:
        """``7 times 1`` or, of a flat fee, ``100 flat``."""
        if self.quantity is None or self.unit_amount is None:
            return f"{money.plain(self.total)} ({self.name})"
        product = f"{money.plain(self.quantity)} times {money.plain(self.unit_amount)}"
        return f"{product} ({self.name})"


@dataclass(frozen=True, slots=True)
class Rated:
    """An exact amount in major units, and the steps whose sum it is."""

    steps: tuple[Step, ...]
    quantity: Fraction = Fraction(0)

    @property
    def total(self) -> Fraction:
        return sum((step.total for step in self.steps), Fraction(0))

    @property
    def unit_amount(self) -> Fraction:
        """What one of the paid units came to; 0 where there are none."""
        return self.total / self.quantity if self.quantity else Fraction(0)

    @property
    def words(self) -> str:
        return " + ".join(step.words for step in self.steps) or "nothing"


class Price(Protocol):
    """What every model of price can do: rate a quantity."""

    @property
    def model(self) -> str:
        """Its name in a catalogue."""
        ...

    def rate(self, quantity: Exact) -> Rated:
        """The exact amount for a quantity. Raises Refused for one below zero."""
        ...


@dataclass(frozen=True, slots=True)
class Flat(Stored):
    """The same amount for a period, whatever the quantity."""

    amount: Decimal
    model: Literal["flat"] = "flat"

    def __post_init__(self) -> None:
        checked(self.amount, "the amount")

    def rate(self, quantity: Exact = 1) -> Rated:
        """The amount itself."""
        return Rated((Step("flat", Fraction(self.amount)),), Fraction(1))


@dataclass(frozen=True, slots=True)
class PerUnit(Stored):
    """So much for each unit, or for each seat, of which ``minimum`` are always paid."""

    unit_amount: Decimal
    minimum: Decimal = Decimal(0)
    model: Literal["per_unit"] = "per_unit"

    def __post_init__(self) -> None:
        checked(self.unit_amount, "the unit amount")
        checked(self.minimum, "the least quantity")

    def rate(self, quantity: Exact) -> Rated:
        """Quantity times unit amount. Raises Refused for a quantity below zero."""
        paid = max(units(quantity), Fraction(self.minimum))
        return Rated(tuple(product("usage in period", paid, self.unit_amount)), paid)


@dataclass(frozen=True, slots=True)
class Dynamic(Stored):
    """The amount comes in with the event; the price is a multiplier of it."""

    multiplier: Decimal = Decimal(1)
    model: Literal["dynamic"] = "dynamic"

    def __post_init__(self) -> None:
        checked(self.multiplier, "the multiplier")

    def rate(self, quantity: Exact) -> Rated:
        """The amounts of the events, summed, times the multiplier."""
        summed = units(quantity)
        return Rated(tuple(product("usage in period", summed, self.multiplier)), summed)


def rate_buckets(price: Price, quantities: Sequence[Exact]) -> Rated:
    """Rate each bucket (a day, a machine) by itself, and sum; each has its packages.

    Raises Refused for a quantity below zero.
    """
    each = [price.rate(quantity) for quantity in quantities]
    steps = tuple(step for rated in each for step in rated.steps)
    return Rated(steps, sum((rated.quantity for rated in each), Fraction(0)))


def product(name: str, quantity: Exact, unit_amount: Exact) -> list[Step]:
    """The step of a quantity times a unit amount; none where it comes to nothing."""
    total = Fraction(quantity) * Fraction(unit_amount)
    if not total:
        return []
    return [Step(name, total, Fraction(quantity), Fraction(unit_amount))]


def units(quantity: Exact) -> Fraction:
    """The quantity, exact. Raises Refused below zero."""
    if quantity < 0:
        raise Refused(f"a quantity of {quantity} can not be rated")
    return Fraction(quantity)


def checked(value: Decimal, name: str) -> None:
    """Raises Refused for less than zero, no number, or more than twelve decimals."""
    if not value.is_finite() or value < 0:
        raise Refused(f"{name} is {value}; it must be zero or more")
    if (Fraction(value) * 10**MOST_PLACES).denominator != 1:
        raise Refused(f"{name} has more than {MOST_PLACES} decimals: {value}")
