"""What a plan and its prices have to keep to; whatever does not raises ValueError.

The words name the place within the plan, as the file of a catalogue has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from billing.rating import durations, money, phases
from billing.rating.cards import RateCard
from billing.rating.percentages import GraduatedPercentage, Percentage
from billing.rating.periods import Every, how_many
from billing.rating.phases import Kind
from billing.rating.prices import Dynamic, Flat, PerUnit
from billing.states import PlanKind, PriceKind, Timing

if TYPE_CHECKING:
    from billing.catalogue.terms import PlanInput, PriceInput

MOST = Decimal(10**12)
MOST_MONTHS, MOST_DAYS = 120, timedelta(days=3660)
MOST_PERIODS = 400
FEES = frozenset({PriceKind.FEE, PriceKind.ONCE})
LAST = frozenset({Kind.EVERGREEN, Kind.FIXED_TERM})
BY_TURNOVER = (Dynamic, Percentage, GraduatedPercentage)


class Wrong(ValueError):
    """A plan or a price makes no sense; the message says where and why."""


def price(terms: PriceInput) -> None:
    """One price by itself. Raises Wrong, Refused."""
    if (terms.card is None) == (not terms.phases):
        raise Wrong("say either a card or phases")
    if terms.currency:
        money.exponent(terms.currency)
    _kind(terms)
    if terms.interval is None and terms.interval_count != 1:
        raise Wrong("interval_count: of which interval?")
    if terms.phases:
        _phases(terms)
    for place, card in _cards(terms):
        _card(terms.kind, place, card)


def _kind(terms: PriceInput) -> None:
    """What is due for a kind of price, and for no other one."""
    if (terms.kind == PriceKind.USAGE) != (terms.meter is not None):
        raise Wrong("meter: usage names its meter, and nothing else does")
    if terms.kind == PriceKind.USAGE and terms.timing == Timing.ADVANCE:
        raise Wrong("timing: usage is billed when it is over, in arrears")
    if terms.kind == PriceKind.ONCE and terms.phases:
        raise Wrong("phases: what is billed once has none")


def plan(terms: PlanInput) -> None:
    """A plan as a whole. Raises Wrong."""
    _prices(terms)
    _addon(terms) if terms.kind == PlanKind.ADDON else _base(terms)
    _choices(terms)
    since, existing = terms.effective_from, terms.effective_for_existing
    if since and existing and existing < since:
        raise Wrong("effective_for_existing: that is before effective_from")


def _phases(terms: PriceInput) -> None:
    phases.checked(terms.phases)
    if terms.phases[-1].kind not in LAST:
        raise Wrong("phases: the last one is evergreen and goes on, or a fixed_term")
    for number, phase in enumerate(terms.phases):
        if phase.kind == Kind.EVERGREEN:
            continue
        length = durations.parse(phase.duration or "")
        if not length.months and not length.rest:
            raise Wrong(f"phases.{number}.duration: no time at all")
        if length.months > MOST_MONTHS or length.rest > MOST_DAYS:
            raise Wrong(f"phases.{number}.duration: more than ten years")


def _cards(terms: PriceInput) -> Iterator[tuple[str, RateCard]]:
    if terms.card is not None:
        yield "card", terms.card
    for number, phase in enumerate(terms.phases):
        yield f"phases.{number}.card", phase.card


def _card(kind: PriceKind, place: str, card: RateCard) -> None:
    model = card.price
    if kind != PriceKind.USAGE and isinstance(model, BY_TURNOVER):
        raise Wrong(f"{place}: {model.model} is for usage")
    if kind in FEES and not isinstance(model, Flat | PerUnit):
        raise Wrong(f"{place}: a fee is flat or per_unit; {model.model} counts seats")
    if kind != PriceKind.USAGE and (card.minimum, card.maximum) != (None, None):
        raise Wrong(f"{place}: commitments are for usage; seats have least quantities")
    if card.free_units and isinstance(model, Percentage):
        raise Wrong(f"{place}.free_units: percentages have free_events, free_amount")
    tiers = getattr(model, "tiers", ())
    if kind == PriceKind.USAGE and tiers and tiers[-1].up_to is not None:
        raise Wrong(f"{place}.price.tiers: usage has no end, so the last tier has none")
    for name, number in _numbers(card, place):
        if number > MOST:
            raise Wrong(f"{name}: {number} is more than {MOST}")


def _numbers(value: Any, place: str) -> Iterator[tuple[str, Decimal]]:
    if isinstance(value, Decimal):
        yield place, value
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _numbers(item, f"{place}.{number}")
    elif is_dataclass(value):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name), f"{place}.{field.name}")


def _prices(terms: PlanInput) -> None:
    prices = terms.all_prices
    if not prices:
        raise Wrong("price: say what it costs, 0 if nothing")
    if terms.currency not in {each.currency for each in prices}:
        raise Wrong(f"currency: no price is in {terms.currency}")
    twice = [
        key for key, n in Counter((p.code, p.currency) for p in prices).items() if n > 1
    ]
    if twice:
        raise Wrong(f"prices: {' in '.join(twice[0])} is there twice")
    currencies = {each.currency for each in prices}
    for code, group in groupby(sorted(prices, key=_code), key=_code):
        _one_price(terms.every, code, list(group), currencies)


def _code(terms: PriceInput) -> str:
    return terms.code


def _one_price(
    every: Every, code: str, same: list[PriceInput], currencies: set[str]
) -> None:
    missing = currencies - {each.currency for each in same}
    if missing:
        raise Wrong(f"prices.{code}: not said in {', '.join(sorted(missing))}")
    shapes = {
        (p.kind, p.meter, p.timing, p.interval, p.interval_count, p.tax_class)
        for p in same
    }
    if len(shapes) > 1:
        raise Wrong(f"prices.{code}: the same in every currency, but for the amounts")
    interval = same[0].interval or every.interval
    many = how_many(Every(interval, same[0].interval_count), every)
    if not 1 <= many <= MOST_PERIODS:
        raise Wrong(f"prices.{code}.interval: the plan's is not made of whole ones")


def _addon(terms: PlanInput) -> None:
    if not terms.beside:
        raise Wrong("beside: an add-on names the plans that it goes with")
    if terms.includes or terms.trial_days:
        raise Wrong("includes, trial_days: these are for plans, not for add-ons")


def _base(terms: PlanInput) -> None:
    if terms.beside:
        raise Wrong("beside: this is for add-ons; kind says which it is")


def _choices(terms: PlanInput) -> None:
    if terms.isolations and terms.isolation not in terms.isolations:
        raise Wrong("isolations: the default has to be among them")
    if terms.sizes and terms.size not in terms.sizes:
        raise Wrong("sizes: the default has to be among them")
    offered = {str(each) for each in terms.isolations or [terms.isolation]}
    for number, move in enumerate(terms.moves):
        source, _, target = move.partition("-to-")
        if source == target or not {source, target} <= offered:
            raise Wrong(f"moves.{number}: not between isolation models of this plan")
