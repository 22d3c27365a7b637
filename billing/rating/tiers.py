"""Tiered prices: graduated, volume, stairstep, and graduated by package.

A tier reaches up to and includes ``up_to``; the last one may reach for ever. Whether
the first tier's flat fee is due at a quantity of zero differs between engines, so the
price says it (``flat_at_zero``); it is not, unless it says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.rating.money import Exact
from billing.rating.packages import Rounding, count
from billing.rating.prices import Rated, Refused, Step, checked, product, units
from billing.rating.stored import Stored

ZERO = Decimal(0)


class BeyondTiers(Refused):
    """The quantity is more than the last tier holds."""


@dataclass(frozen=True, slots=True)
class Tier(Stored):
    """Units above the tier below, up to and including ``up_to`` (None: no end)."""

    up_to: Decimal | None
    unit_amount: Decimal = ZERO
    flat_amount: Decimal = ZERO

    def __post_init__(self) -> None:
        for name in ("unit_amount", "flat_amount"):
            checked(getattr(self, name), f"{name} of a tier")

    def holds(self, quantity: Fraction) -> bool:
        return self.up_to is None or quantity <= self.up_to


@dataclass(frozen=True, slots=True)
class Graduated(Stored):
    """Each unit is priced in its own tier; a tier's flat fee is due once it is entered.

    ``minimum`` units are always paid, as with seats that are sold from ten on.
    """

    tiers: tuple[Tier, ...]
    flat_at_zero: bool = False
    minimum: Decimal = ZERO
    model: Literal["graduated"] = "graduated"

    def __post_init__(self) -> None:
        ordered(self.tiers)

    def rate(self, quantity: Exact) -> Rated:
        """The sum over the tiers. Raises Refused, BeyondTiers."""
        return self.rate_more(quantity, after=0)

    def rate_more(self, quantity: Exact, after: Exact) -> Rated:
        """Rate units that come on top of units already billed. Raises as ``rate``."""
        start = units(after)
        end = max(start + units(quantity), Fraction(self.minimum))
        if not self.tiers[-1].holds(end):
            raise BeyondTiers(f"no tier holds a quantity of {end}")
        return Rated(tuple(self._steps(start, end)), end - start)

    def _steps(self, start: Fraction, end: Fraction) -> Iterator[Step]:
        below = Fraction(0)
        for number, tier in enumerate(self.tiers, start=1):
            top = end if tier.up_to is None else min(end, Fraction(tier.up_to))
            at_zero = self.flat_at_zero and number == 1 and not start
            if (start <= below < end or at_zero) and tier.flat_amount:
                yield Step(f"flat tier {number}", Fraction(tier.flat_amount))
            inside = max(Fraction(0), top - max(start, below))
            yield from product(f"usage tier {number}", inside, tier.unit_amount)
            below = top


@dataclass(frozen=True, slots=True)
class Volume(Stored):
    """The whole quantity picks one tier: all units at its price, and its flat fee."""

    tiers: tuple[Tier, ...]
    flat_at_zero: bool = False
    model: Literal["volume"] = "volume"

    def __post_init__(self) -> None:
        ordered(self.tiers)

    def rate(self, quantity: Exact) -> Rated:
        """All units in the tier that holds them. Raises Refused, BeyondTiers."""
        total = units(quantity)
        number, tier = tier_of(self.tiers, total)
        steps: list[Step] = []
        if tier.flat_amount and (total or self.flat_at_zero):
            steps.append(Step(f"flat tier {number}", Fraction(tier.flat_amount)))
        steps += product(f"usage tier {number}", total, tier.unit_amount)
        return Rated(tuple(steps), total)


@dataclass(frozen=True, slots=True)
class Stairstep(Stored):
    """The whole quantity picks one tier, and its flat fee is all there is to pay."""

    tiers: tuple[Tier, ...]
    flat_at_zero: bool = False
    model: Literal["stairstep"] = "stairstep"

    def __post_init__(self) -> None:
        ordered(self.tiers)
        if any(tier.unit_amount for tier in self.tiers):
            raise Refused("a stairstep has flat amounts only")

    def rate(self, quantity: Exact) -> Rated:
        """The flat fee of the tier that holds it all. Raises Refused, BeyondTiers."""
        return Volume(self.tiers, self.flat_at_zero).rate(quantity)


@dataclass(frozen=True, slots=True)
class GraduatedByPackage(Stored):
    """Packages of ``size`` units, rounded as said, and the packages are graduated."""

    size: Decimal
    tiers: tuple[Tier, ...]
    rounding: Rounding = Rounding.UP
    model: Literal["graduated_by_package"] = "graduated_by_package"

    def __post_init__(self) -> None:
        ordered(self.tiers)
        if self.size <= 0:
            raise Refused("a package holds more than nothing")

    def rate(self, quantity: Exact) -> Rated:
        """Graduated over packages; tiers count packages. Raises as ``Graduated``."""
        packages = count(units(quantity), self.size, self.rounding)
        return Graduated(self.tiers).rate(packages)


def tier_of(tiers: tuple[Tier, ...], quantity: Fraction) -> tuple[int, Tier]:
    """The lowest tier that holds it, with its number from 1. Raises BeyondTiers."""
    for number, tier in enumerate(tiers, start=1):
        if tier.holds(quantity):
            return number, tier
    raise BeyondTiers(f"no tier holds a quantity of {quantity}")


def ordered(tiers: tuple[Tier, ...]) -> None:
    """Raises Refused unless each tier reaches further than the one below it."""
    if not tiers:
        raise Refused("tiers: at least one is needed")
    reached = ZERO
    for tier in tiers[:-1]:
        if tier.up_to is None or tier.up_to <= reached:
            raise Refused("tiers: each reaches further, and only the last for ever")
        reached = tier.up_to
    last = tiers[-1].up_to
    if last is not None and last <= reached:
        raise Refused("tiers: each reaches further, and only the last for ever")
