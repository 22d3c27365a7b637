"""Prices in words: what a customer reads before it buys.

Amounts of a card are in major units with up to twelve decimals; none is rounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def in_words(price: Price, units: str = "") -> str:
    """``€8.00 for each seat a month, 2 are free``.

    ``units`` is what is counted, in the plural; default: what the price is called.
    """
    counted = units or ("seats" if price.kind == PriceKind.SEAT else price.name.lower())
    every = "" if price.kind == PriceKind.USAGE else f" {spoken_every(price.every)}"
    said = [
        f"{_phase(phase)}{_card(phase.card, price.currency, counted)}{every}"
        for phase in price.phased
    ]
    return ", then ".join(said)


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


def _card(card: RateCard, currency: str, units: str) -> str:
    said = SAID[type(card.price)](card.price, currency, units)
    if card.free_units:
        said += f", {_count(card.free_units)} are free"
    if card.percent_off:
        said += f", less {money.plain(card.percent_off)}%"
    if card.minimum is not None:
        said += f", at least {amount(card.minimum, currency)}"
    if card.maximum is not None:
        said += f", at most {amount(card.maximum, currency)}"
    return said


def _count(value: Decimal) -> str:
    return f"{value.normalize():,f}"


def _one(units: str) -> str:
    return units.removesuffix("s")


def _flat(price: Flat, currency: str, units: str) -> str:
    return amount(price.amount, currency) if price.amount else "free"


def _per_unit(price: PerUnit, currency: str, units: str) -> str:
    said = f"{amount(price.unit_amount, currency)} for each of the {units}"
    if units == "seats":
        said = f"{amount(price.unit_amount, currency)} for each seat"
    least = f", for {_count(price.minimum)} at least" if price.minimum else ""
    return said + least


def _dynamic(price: Dynamic, currency: str, units: str) -> str:
    if price.multiplier == 1:
        return f"what the {units} cost"
    return f"{_count(price.multiplier)} times what the {units} cost"


def _steps(tiers: Sequence[Tier], say: Callable[[Tier], str]) -> str:
    return ", ".join(f"{say(tier)} {_end(tier)}" for tier in tiers)


def _end(tier: Tier) -> str:
    return "beyond" if tier.up_to is None else f"up to {_count(tier.up_to)}"


def _tier(currency: str) -> Callable[[Tier], str]:
    def say(tier: Tier) -> str:
        each = f"{amount(tier.unit_amount, currency)} each" if tier.unit_amount else ""
        flat = amount(tier.flat_amount, currency) if tier.flat_amount else ""
        return " and ".join(filter(None, (each, flat))) or "nothing"

    return say


def _graduated(price: Graduated, currency: str, units: str) -> str:
    return f"{units}, each in its step: {_steps(price.tiers, _tier(currency))}"


def _volume(price: Volume, currency: str, units: str) -> str:
    return f"all {units} at the step of their number: " + _steps(
        price.tiers, _tier(currency)
    )


def _stairstep(price: Stairstep, currency: str, units: str) -> str:
    def say(tier: Tier) -> str:
        return amount(tier.flat_amount, currency)

    return f"{units} in all: {_steps(price.tiers, say)}"


def _package(price: Package, currency: str, units: str) -> str:
    begun = " begun" if price.rounding == Rounding.UP else ""
    said = f"{amount(price.amount, currency)} for each {_count(price.size)} {units}"
    free = f", {_count(price.free_units)} are free" if price.free_units else ""
    return f"{said}{begun}{free}"


def _by_package(price: GraduatedByPackage, currency: str, units: str) -> str:
    packs = f"packs of {_count(price.size)} {units}"
    return f"{packs}, each in its step: {_steps(price.tiers, _tier(currency))}"


def _percentage(price: Percentage, currency: str, units: str) -> str:
    said = f"{money.plain(price.percent)}% of the {units}"
    fixed = f" and {amount(price.fixed, currency)} each" if price.fixed else ""
    return said + fixed


def _graduated_percentage(price: GraduatedPercentage, currency: str, units: str) -> str:
    def say(tier: Tier) -> str:
        flat = f" and {amount(tier.flat_amount, currency)}" if tier.flat_amount else ""
        return f"{money.plain(tier.unit_amount)}%{flat}"

    return f"of the {units}: {_steps(price.tiers, say)}"


SAID: dict[type[Any], Callable[[Any, str, str], str]] = {
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
