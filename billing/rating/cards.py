"""Rate cards: a price with what surrounds it in a plan.

In this order: free units go off the quantity, the price is applied, a percentage goes
off the amount, the line is rounded, and the most and the least of the period bound it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from billing.rating import money
from billing.rating.money import Exact
from billing.rating.packages import Package
from billing.rating.percentages import GraduatedPercentage, Percentage
from billing.rating.prices import (
    Dynamic,
    Flat,
    PerUnit,
    Rated,
    Refused,
    Step,
    checked,
    rate_buckets,
    units,
)
from billing.rating.stored import Stored
from billing.rating.tiers import Graduated, GraduatedByPackage, Stairstep, Volume

type AnyPrice = Annotated[
    Flat
    | PerUnit
    | Dynamic
    | Graduated
    | Volume
    | Stairstep
    | GraduatedByPackage
    | Package
    | Percentage
    | GraduatedPercentage,
    Field(discriminator="model"),
]
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class RateCard(Stored):
    """A price, units that are free, a percentage off, and commitments of a period.

    ``minimum`` and ``maximum`` are for a whole period, in major units.
    """

    price: AnyPrice
    free_units: Decimal = NOTHING
    percent_off: Decimal = NOTHING
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        checked(self.free_units, "the free units")
        checked(self.percent_off, "the percentage off")
        if self.percent_off > 100:
            raise Refused(f"{self.percent_off} percent off is more than all of it")
        least, most = self.minimum, self.maximum
        if least is not None and most is not None and least > most:
            raise Refused("the minimum commitment is more than the maximum")

    @property
    def free(self) -> bool:
        """Whether nothing is ever due by it, as far as it can be seen at once.

        Of tiers, packages and percentages it is not asked: whoever is sold those is
        told that they cost.
        """
        if self.minimum:
            return False
        match self.price:
            case Flat(amount=due) | PerUnit(unit_amount=due):
                return not due or self.percent_off == 100
        return self.percent_off == 100

    def rate(self, quantity: Exact) -> Rated:
        """The exact amount before commitments. Raises Refused."""
        paid = max(Fraction(0), units(quantity) - Fraction(self.free_units))
        return self._reduced(self.price.rate(paid))

    def rate_parts(self, quantities: Sequence[Exact]) -> Rated:
        """The same for transactions or for buckets that are priced one by one.

        Raises Refused, also where free units would have to be shared among them.
        """
        if self.free_units:
            raise Refused("free units are not shared among buckets")
        if isinstance(self.price, Percentage):
            return self._reduced(self.price.rate_each(quantities))
        return self._reduced(rate_buckets(self.price, quantities))

    def _reduced(self, rated: Rated) -> Rated:
        if not self.percent_off:
            return rated
        off = rated.total * Fraction(self.percent_off) / 100
        step = Step(f"{money.plain(self.percent_off)}% off", -off)
        return Rated((*rated.steps, step), rated.quantity)
