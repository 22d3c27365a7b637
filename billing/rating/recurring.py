"""Recurring revenue: what a price comes to in a month, however often it is billed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.dates import DAYS, MONTHS
from billing.rating.periods import Every

YEAR_MONTHS, YEAR_DAYS = 12, 365


def monthly(card: RateCard, quantity: Decimal, currency: str, every: Every) -> int:
    """Minor units a month of a fee or of seats, rounded once. Raises Refused."""
    exact = money.unrounded(card.rate(quantity).total, currency)
    return money.rounded(exact * in_a_month(every))


def in_a_month(every: Every) -> Fraction:
    """How many such periods a month has: a year's price is divided by twelve.

    For days and weeks a month is the twelfth part of 365 days.
    """
    if every.interval in MONTHS:
        return Fraction(1, MONTHS[every.interval] * every.count)
    return Fraction(YEAR_DAYS, YEAR_MONTHS * DAYS[every.interval] * every.count)


def percent(part: int, whole: int) -> Decimal | None:
    """So many percent to one digit, halves away from zero; None of nothing."""
    return money.at_places(Fraction(100 * part, whole), 1) if whole else None
