"""What a customer would pay for a plan, before it is sold or while it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal

from billing import clock
from billing.catalogue.terms import PlanInput
from billing.models import Plan
from billing.rating import quotes
from billing.rating.periods import Every
from billing.rating.quotes import Offered, Quote
from billing.states import PriceKind, Timing


def preview(
    plan: Plan,
    quantities: Mapping[str, Decimal],
    currency: str = "",
    start: datetime | None = None,
    zone: tzinfo = UTC,
) -> tuple[Quote, Quote]:
    """The first period and a normal one, for quantities by the codes of prices.

    Raises Refused for a quantity that can not be rated.
    """
    prices = offered(plan, currency or plan.currency)
    return _quoted(prices, plan.every, quantities, start, zone)


def preview_terms(
    terms: PlanInput, quantities: Mapping[str, Decimal], currency: str = ""
) -> tuple[Quote, Quote]:
    """The same for a plan that is written down and not sold yet."""
    wanted = currency or terms.currency
    prices = [
        Offered(
            code=price.code,
            name=price.name,
            every=Every(price.interval or terms.interval, price.interval_count),
            phases=price.all_phases,
            currency=wanted,
            behind=price.timing == Timing.ARREARS,
            used=price.kind == PriceKind.USAGE,
            once=price.kind == PriceKind.ONCE,
        )
        for price in terms.all_prices
        if price.currency == wanted
    ]
    return _quoted(prices, terms.every, quantities, None, UTC)


def offered(plan: Plan, currency: str) -> list[Offered]:
    """The prices of a plan in one currency, as rating takes them."""
    return [
        Offered(
            code=price.code,
            name=price.name,
            every=price.every,
            phases=price.phased,
            currency=currency,
            behind=price.timing == Timing.ARREARS,
            used=price.kind == PriceKind.USAGE,
            once=price.kind == PriceKind.ONCE,
        )
        for price in plan.prices.filter(currency=currency)
    ]


def _quoted(
    prices: Sequence[Offered],
    every: Every,
    quantities: Mapping[str, Decimal],
    start: datetime | None,
    zone: tzinfo,
) -> tuple[Quote, Quote]:
    return quotes.first_and_normal(
        prices, every, start or clock.now(), zone, quantities
    )
