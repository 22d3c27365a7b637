"""Tax: rates exclusive or inclusive, each rounded by itself, and who owes it.

The table of rates belongs to the operator; here is only what follows from it. What was
decided is stored on the line as an ``Assessment``, from which it is computed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import TypeAdapter

from billing.rating import money
from billing.rating.money import Exact
from billing.rating.shares import spread
from billing.rating.stored import Stored, to_data

# Member states by ISO 3166.
_UNION = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
)
UNION = frozenset(_UNION.split())


class Treatment(StrEnum):
    """Who owes the tax, and where."""

    DOMESTIC = "domestic"
    DESTINATION = "destination"
    REVERSE_CHARGE = "reverse charge"
    OUTSIDE = "outside the scope"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom the invoice is for. ``vat_checked``: a VAT number that is well-formed."""

    country: str
    business: bool = False
    vat_checked: bool = False
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """How an invoice is taxed, by the rates of which country, and why."""

    treatment: Treatment
    country: str
    reason: str

    @property
    def taxed(self) -> bool:
        """Whether the seller puts tax on the invoice."""
        return self.treatment in {Treatment.DOMESTIC, Treatment.DESTINATION}


@dataclass(frozen=True, slots=True)
class Assessment(Stored):
    """The snapshot on a line: what was taxable, and the percentages that applied.

    ``names`` are those of the percentages as they stand on the invoice. ``before`` is
    what was taxable on the lines before it, where tax is taken of their sum: its tax is
    then the difference of two cumulative taxes, so that those of all lines add up.
    """

    taxable: int
    percents: tuple[Decimal, ...] = ()
    inclusive: bool = False
    treatment: Treatment = Treatment.DOMESTIC
    country: str = ""
    names: tuple[str, ...] = ()
    reason: str = ""
    before: int = 0

    @property
    def taxes(self) -> list[int]:
        """Minor units for each percentage."""
        how = inclusive if self.inclusive else exclusive
        until = how(self.before + self.taxable, self.percents)
        earlier = how(self.before, self.percents)
        return [tax - was for tax, was in zip(until, earlier, strict=True)]

    @property
    def tax(self) -> int:
        """Minor units in all."""
        return sum(self.taxes)

    @property
    def net(self) -> int:
        """The amount without tax."""
        return self.taxable - self.tax if self.inclusive else self.taxable

    @property
    def gross(self) -> int:
        """The amount with tax."""
        return self.net + self.tax

    def words(self, currency: str) -> str:
        """The computation in words: "VAT 19% of 24.95 EUR"."""
        if not self.percents:
            return f"no tax: {self.reason or self.treatment}"
        how = "contained in" if self.inclusive else "of"
        names = self.names or ("",) * len(self.percents)
        rates = " and ".join(
            f"{name} {money.plain(percent)}%".strip()
            for name, percent in zip(names, self.percents, strict=True)
        )
        return f"{rates} {how} {money.text(self.taxable, currency)}"


_STORED = TypeAdapter(Assessment)


def stored(assessment: Assessment) -> dict[str, Any]:
    """JSON values from which ``assessment_of`` makes the same again."""
    return to_data(_STORED, assessment)


def assessment_of(values: Mapping[str, Any]) -> Assessment:
    """An assessment as it was stored; of nothing where none was."""
    return _STORED.validate_python(values or {"taxable": 0})


def decide(seller_country: str, buyer: Buyer) -> Decision:
    """Who owes the tax on a service sold by electronic means.

    The first rule that fits: exempt; at home; reverse charge between businesses of two
    member states (Articles 44 and 196 of Directive 2006/112/EC) where the number is
    well-formed; destination for others in the Union (Article 58); else outside.
    """
    country = buyer.country
    if buyer.exempt:
        return Decision(Treatment.EXEMPT, country, "the customer is exempt")
    if country == seller_country:
        return Decision(Treatment.DOMESTIC, country, "sold within the country")
    if not {country, seller_country} <= UNION:
        return Decision(Treatment.OUTSIDE, country, "sold across the Union's border")
    if buyer.business and buyer.vat_checked:
        reason = "business in another member state, with a VAT number"
        return Decision(Treatment.REVERSE_CHARGE, country, reason)
    reason = "no business with a VAT number, in another member state"
    return Decision(Treatment.DESTINATION, country, reason)


def exclusive(taxable: Exact, percents: Sequence[Decimal]) -> list[int]:
    """Tax on top of an amount in minor units; each is rounded, none of the sum."""
    return [money.percent_of(taxable, percent) for percent in percents]


def together(taxable: Exact, percents: Sequence[Decimal]) -> int:
    """All of the tax on top of an amount: the sum of what was rounded."""
    return sum(exclusive(taxable, percents))


def inclusive(gross: int, percents: Sequence[Decimal]) -> list[int]:
    """Tax that an amount contains, rounded in all and split in proportion to rates.

    The net amount is what remains, so that net and taxes are the gross to the last
    minor unit.
    """
    rate = sum((Fraction(percent) for percent in percents), Fraction(0)) / 100
    contained = money.rounded(gross * rate / (1 + rate))
    return spread(contained, percents) if rate else [0 for _ in percents]
