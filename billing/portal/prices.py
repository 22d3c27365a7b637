"""Prices in words: what a customer reads before it buys.

Amounts of a card are in major units with up to twelve decimals; none is rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.models import Price
from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.packages import Package, Rounding
from billing.rating.percentages import GraduatedPercentage, Percentage
from billing.rating.periods import Every
from billing.rating.phases import Phase
from billing.rating.prices import Dynamic, Flat, PerUnit
from billing.rating.tiers import (
    Graduated,
    GraduatedByPackage,
    Stairstep,
    Tier,
    Volume,
)
from billing.states import PriceKind
from paybill_site.kernel.templatetags.paybill_ui import SYMBOLS

DURATIONS = {"D": "day", "W": "week", "M": "month", "Y": "year"}


def in_words(price: Price) -> str:
    """``€8.00 for each seat a month, 2 are free``."""
    every = "" if price.kind == PriceKind.USAGE else f" {spoken_every(price.every)}"
    said = [
        f"{_phase(phase)}{_card(phase.card, Said(price, every))}"
        for phase in price.phased
    ]
    return ", then ".join(said)


@dataclass(frozen=True, slots=True)
class Said:
    """What a card is told with: what it counts, in which currency, how often."""

    price: Price
    every: str

    def money(self, value: Decimal) -> str:
        return amount(value, self.price.currency)

    @property
    def units(self) -> str:
        """What is counted: its name, as it stands within a sentence."""
        name = self.price.name
        return name if name[1:2].isupper() else name[:1].lower() + name[1:]

    @property
    def each(self) -> str:
        """One of it, where its name is that of many."""
        one = self.units.removesuffix("s")
        counts = self.price.kind == PriceKind.USAGE or self.units == "seats"
        return f"each {one}" if counts and one != self.units else "each"


def spoken_every(every: Every) -> str:
    """``a month``, ``every 3 months``."""
    if every.count == 1:
        return f"a {every.interval}"
    return f"every {every.count} {every.interval}s"


def amount(value: Decimal, currency: str) -> str:
    """``€8.00``, and ``€0.0025`` where it has more digits than the currency."""
    text = money.plain(value)
    digits = money.exponent(currency)
    whole, _, part = text.partition(".")
    shown = f"{int(whole):,}" + (f".{part:0<{digits}}" if part or digits else "")
    return f"{SYMBOLS.get(currency, currency + chr(0xA0))}{shown}"


def _phase(phase: Phase) -> str:
    """``the first 3 months: `` of a phase that ends."""
    if phase.duration is None:
        return ""
    number, unit = phase.duration[1:-1], DURATIONS.get(phase.duration[-1], "")
    if not (number.isdigit() and unit):
        return f"for {phase.duration}: "
    return f"the first {unit}: " if number == "1" else f"the first {number} {unit}s: "


def _card(card: RateCard, said: Said) -> str:
    words = SAID[type(card.price)](card.price, said)
    if card.free_units:
        words += f", {_count(card.free_units)} are free"
    if card.percent_off:
        words += f", less {money.plain(card.percent_off)}%"
    if card.minimum is not None:
        words += f", at least {said.money(card.minimum)}"
    if card.maximum is not None:
        words += f", at most {said.money(card.maximum)}"
    return words


def _count(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def _flat(price: Flat, said: Said) -> str:
    return f"{said.money(price.amount)}{said.every}" if price.amount else "free"


def _per_unit(price: PerUnit, said: Said) -> str:
    least = f", for {_count(price.minimum)} at least" if price.minimum else ""
    return f"{said.money(price.unit_amount)} for {said.each}{said.every}{least}"


def _dynamic(price: Dynamic, said: Said) -> str:
    if price.multiplier == 1:
        return f"what the {said.units} cost"
    return f"{_count(price.multiplier)} times what the {said.units} cost"


def _steps(tiers: Sequence[Tier], say: Callable[[Tier], str]) -> str:
    return ", ".join(f"{say(tier)} {_end(tier)}" for tier in tiers)


def _end(tier: Tier) -> str:
    return "beyond" if tier.up_to is None else f"up to {_count(tier.up_to)}"


def _tier(said: Said) -> Callable[[Tier], str]:
    def say(tier: Tier) -> str:
        each = f"{said.money(tier.unit_amount)} each" if tier.unit_amount else ""
        flat = said.money(tier.flat_amount) if tier.flat_amount else ""
        return " and ".join(filter(None, (each, flat))) or "free"

    return say


def _graduated(price: Graduated, said: Said) -> str:
    return f"{said.units}{said.every}: {_steps(price.tiers, _tier(said))}"


def _volume(price: Volume, said: Said) -> str:
    steps = _steps(price.tiers, _tier(said))
    return f"{said.units}{said.every}, all at the step of their number: {steps}"


def _stairstep(price: Stairstep, said: Said) -> str:
    def say(tier: Tier) -> str:
        return said.money(tier.flat_amount)

    return f"{said.units} in all{said.every}: {_steps(price.tiers, say)}"


def _package(price: Package, said: Said) -> str:
    begun = " begun" if price.rounding == Rounding.UP else ""
    words = f"{said.money(price.amount)} for each {_count(price.size)} {said.units}"
    free = f", {_count(price.free_units)} are free" if price.free_units else ""
    return f"{words}{begun}{said.every}{free}"


def _by_package(price: GraduatedByPackage, said: Said) -> str:
    packs = f"packs of {_count(price.size)} {said.units}{said.every}"
    return f"{packs}: {_steps(price.tiers, _tier(said))}"


def _percentage(price: Percentage, said: Said) -> str:
    words = f"{money.plain(price.percent)}% of the {said.units}"
    return f"{words} and {said.money(price.fixed)} each" if price.fixed else words


def _graduated_percentage(price: GraduatedPercentage, said: Said) -> str:
    def say(tier: Tier) -> str:
        flat = f" and {said.money(tier.flat_amount)}" if tier.flat_amount else ""
        return f"{money.plain(tier.unit_amount)}%{flat}"

    return f"of the {said.units}: {_steps(price.tiers, say)}"


SAID: dict[type[Any], Callable[[Any, Said], str]] = {
    Flat: _flat,
    PerUnit: _per_unit,
    Dynamic: _dynamic,
    Graduated: _graduated,
    Volume: _volume,
    Stairstep: _stairstep,
    Package: _package,
    GraduatedByPackage: _by_package,
    Percentage: _percentage,
    GraduatedPercentage: _graduated_percentage,
}
