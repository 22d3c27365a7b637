"""A plan in full, as it is written down before it is sold.

What makes no sense is refused with its place and the reason.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator
from pydantic import model_validator as validator

from billing.catalogue import checks
from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.periods import Every, Interval
from billing.rating.phases import Kind, Phase
from billing.rating.prices import Flat
from billing.states import PhasesFrom, PlanKind, PriceKind, Timing
from paybill_site.kernel.actions import Input
from paybill_site.kernel.inputs import Soon
from tenants.states import Isolation

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Place = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Size = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,19}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Move = Annotated[str, StringConstraints(pattern=r"^[a-z]+-to-[a-z]+$")]
TaxClass = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Quantity = Annotated[int, Field(ge=1, le=1_000)]
Days = Annotated[int, Field(ge=0, le=3650)]

# A feature is there or not, or configures: {"sso": true, "support": "by e-mail"}.
Features = dict[Name, bool | Count | Text]
# How many of something; None says without limit: {"agents": 5, "orders": null}.
Limits = dict[Name, Count | None]


class Allowed(Input):
    """How much of what a meter counts is allowed in a period."""

    limit: Count | None = Field(description="null: without limit")
    hard: bool = Field(default=False, description="refuse more, and not only tell")


class PriceInput(Input):
    """One thing that is billed, in one currency.

    Either a ``card`` that holds for ever, or ``phases`` of which the last one does.
    """

    code: Code = Field(description="the same in every version and currency")
    name: str = Field(default="", max_length=60, description="default: its code")
    kind: PriceKind
    currency: str = Field(default="", max_length=3, description="default: the plan's")
    card: RateCard | None = None
    phases: list[Phase] = Field(default_factory=list, max_length=20)
    timing: Timing | None = Field(
        default=None, description="default: in advance, and usage in arrears"
    )
    interval: Interval | None = Field(default=None, description="default: the plan's")
    interval_count: int = Field(default=1, ge=1, le=366)
    meter: Name | None = Field(default=None, description="code of the meter, for usage")
    tax_class: TaxClass = "standard"
    tax_included: bool = Field(default=False, description="the price contains the tax")

    @validator(mode="after")
    def makes_sense(self) -> Self:
        checks.price(self)
        return self

    @property
    def all_phases(self) -> tuple[Phase, ...]:
        """Its phases; one that goes on for ever where the card never changes."""
        return tuple(self.phases) or (Phase(Kind.EVERGREEN, self.lasting),)

    @property
    def lasting(self) -> RateCard:
        """The card that goes on."""
        return self.phases[-1].card if self.card is None else self.card


class PlanInput(Input):
    """A plan in full, as it will be sold.

    ``price`` is short for a price "base": a flat fee in advance in ``currency``.
    """

    code: Code = Field(description="the same in every version")
    name: str = Field(min_length=1, max_length=60)
    summary: str = Field(default="", max_length=200)
    kind: PlanKind = PlanKind.BASE
    beside: list[Code] = Field(
        default_factory=list, max_length=100, description="plans an add-on goes with"
    )
    phases_from: PhasesFrom = Field(
        default=PhasesFrom.OWN, description="where an add-on's phases count from"
    )
    includes: dict[Code, Quantity] = Field(
        default_factory=dict, max_length=50, description="add-ons that come with it"
    )
    refuses: list[Code] = Field(
        default_factory=list, max_length=100, description="it can not change to them"
    )
    price: int | None = Field(
        default=None, ge=0, le=10**12, description="minor units, 4900 is 49.00 EUR"
    )
    currency: str = Field(min_length=3, max_length=3, description="ISO 4217")
    interval: Interval = Interval.MONTH
    interval_count: int = Field(default=1, ge=1, le=366)
    prices: list[PriceInput] = Field(
        default_factory=list, max_length=100, description="whatever else is billed"
    )
    trial_days: int = Field(default=0, ge=0, le=365)
    isolation: Isolation = Field(description="unless another is chosen at the sale")
    isolations: list[Isolation] = Field(
        default_factory=list, max_length=3, description="to choose from"
    )
    moves: list[Move] = Field(
        default_factory=list, max_length=6, description="pooled-to-bridge and the like"
    )
    cloud: str = Field(default="local", max_length=20)
    regions: list[Place] = Field(min_length=1, max_length=50)
    size: Size = Field(default="small", description="unless another is chosen")
    sizes: list[Size] = Field(
        default_factory=list, max_length=20, description="of the stack, to choose from"
    )
    retention_days: Days = Field(default=30, description="data is kept after the end")
    backup_days: Days = Field(default=30, description="a backup is kept")
    features: Features = Field(default_factory=dict, max_length=100)
    limits: Limits = Field(default_factory=dict, max_length=100)
    metered: dict[Name, Allowed] = Field(default_factory=dict, max_length=100)
    effective_from: Soon | None = Field(
        default=None, description="sold from then on; default: at once"
    )
    effective_for_existing: Soon | None = Field(
        default=None, description="from when it is for those of earlier versions too"
    )

    @field_validator("currency")
    @classmethod
    def known(cls, currency: str) -> str:
        money.exponent(currency)
        return currency

    @validator(mode="after")
    def makes_sense(self) -> Self:
        checks.plan(self)
        return self

    @property
    def every(self) -> Every:
        """How long one period of the plan is."""
        return Every(self.interval, self.interval_count)

    @property
    def all_prices(self) -> list[PriceInput]:
        """The short form written out first, then the others; nothing left to guess."""
        return [self._full(price) for price in [*self._base(), *self.prices]]

    @property
    def first_price(self) -> int:
        """What a card says first: the base fee, else the first fee, in minor units."""
        if self.price is not None:
            return self.price
        fees = [
            price
            for price in self.all_prices
            if price.kind == PriceKind.FEE and price.currency == self.currency
        ]
        fees.sort(key=lambda fee: fee.code != "base")
        return (
            money.to_minor(fees[0].lasting.rate(1).total, self.currency) if fees else 0
        )

    def _base(self) -> list[PriceInput]:
        if self.price is None:
            return []
        fee = RateCard(Flat(money.to_major(self.price, self.currency)))
        return [PriceInput(code="base", name=self.name, kind=PriceKind.FEE, card=fee)]

    def _full(self, price: PriceInput) -> PriceInput:
        own = price.interval is not None
        usage = price.kind == PriceKind.USAGE
        words = price.code.replace("-", " ").capitalize()
        return price.model_copy(
            update={
                "name": price.name or words,
                "currency": price.currency or self.currency,
                "timing": price.timing or (Timing.ARREARS if usage else Timing.ADVANCE),
                "interval": price.interval or self.interval,
                "interval_count": price.interval_count if own else self.interval_count,
            }
        )
