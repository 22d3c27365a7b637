"""Answers about prices and usage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from billing.rating import metering, money, prices, totals
from billing.rating.cards import AnyPrice, RateCard
from billing.rating.commitments import true_up
from billing.rating.metering import Metered
from billing.rating.packages import Package
from billing.rating.prices import Dynamic, PerUnit, Rated, Step
from billing.rating.tiers import Graduated, GraduatedByPackage, Stairstep, Volume
from billing.rating.vectors import reading
from billing.rating.vectors.reading import Answer, Given, Plain, number


def per_unit(given: Given) -> Answer:
    return _answer(given, _per_unit(given))


def graduated(given: Given) -> Answer:
    price = _graduated(given)
    billed = given.get("quantity_already_billed_in_period")
    if billed is None:
        return _answer(given, price)
    more = price.rate_more(number(given["quantity"]), after=number(billed))
    return _said(given, more)


def graduated_by_package(given: Given) -> Answer:
    size = number(given["package_size"])
    price = GraduatedByPackage(size, reading.tiers(given), reading.rounding(given))
    return _answer(given, price)


def volume(given: Given) -> Answer:
    return _answer(given, _volume(given))


def stairstep(given: Given) -> Answer:
    return _answer(given, Stairstep(reading.tiers(given)))


def package(given: Given) -> Answer:
    return _answer(given, _package(given))


def true_up_of(given: Given) -> Answer:
    currency = reading.currency(given)
    used = money.to_minor(number(given["used"]), currency)
    missing = true_up(number(given["commitment"]), used, currency)
    return {"true_up": reading.major(given, missing)}


def runs(given: Given) -> Answer:
    price = USAGE[given["price_model"]](given)
    card = RateCard(
        price,
        minimum=_maybe(given, "minimum_amount"),
        maximum=_maybe(given, "maximum_amount"),
    )
    quantities = reading.numbers(given["cumulative_quantities"])
    each = _runs(card, reading.currency(given), quantities)
    return {"totals_per_run": [reading.major(given, total) for total in each]}


def _runs(
    card: RateCard, currency: str, quantities: Sequence[Decimal]
) -> Iterator[int]:
    """What each run of a period bills; the last one asks for the minimum."""
    billed = 0
    for place, quantity in enumerate(quantities, start=1):
        line = Metered(card=card, currency=currency, quantity=quantity, billed=billed)
        billed = line.so_far
        due = metering.bill(line, final=place == len(quantities))
        yield totals.below(Plain(each.amount) for each in due).subtotal


def _per_unit(given: Given) -> PerUnit:
    minimum = number(given.get("minimum_quantity", 0))
    return PerUnit(number(given["unit_amount"]), minimum)


def _graduated(given: Given) -> Graduated:
    minimum = number(given.get("minimum_quantity", 0))
    return Graduated(reading.tiers(given), _at_zero(given), minimum)


def _volume(given: Given) -> Volume:
    return Volume(reading.tiers(given), _at_zero(given))


def _package(given: Given) -> Package:
    return Package(
        number(given["package_amount"]),
        number(given["package_size"]),
        reading.rounding(given),
        number(given.get("free_units", 0)),
    )


def _dynamic(given: Given) -> Dynamic:
    return Dynamic(number(given.get("multiplier", 1)))


USAGE: dict[str, Any] = {
    "per_unit": _per_unit,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
    "dynamic": _dynamic,
    "stairstep": lambda given: Stairstep(reading.tiers(given)),
}


def _answer(given: Given, price: AnyPrice) -> Answer:
    buckets = given.get("bucket_quantities")
    if buckets is not None:
        return _said(given, prices.rate_buckets(price, reading.numbers(buckets)))
    return _said(given, price.rate(number(given["quantity"])))


def _said(given: Given, rated: Rated) -> Answer:
    amount: Any = rated.total
    if "currency" in given:
        amount = reading.major(given, money.to_minor(amount, reading.currency(given)))
    return {
        "amount": amount,
        "unit_amount_rounded": rated.unit_amount,
        "effective_unit_cost": rated.unit_amount,
        "lines": [_line(step) for step in rated.steps],
    }


def _line(step: Step) -> dict[str, Any]:
    if step.quantity is None:
        return {"name": step.name, "total": step.total}
    return {
        "name": step.name,
        "quantity": step.quantity,
        "unit_amount": step.unit_amount,
        "total": step.total,
    }


def _at_zero(given: Given) -> bool:
    return bool(given.get("first_tier_flat_fee_at_zero"))


def _maybe(given: Given, name: str) -> Any:
    return number(given[name]) if given.get(name) is not None else None
