"""Prices, shares and quantities of every kind, for the properties that hold for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from hypothesis import strategies as st

from billing.rating import metering
from billing.rating.cards import RateCard
from billing.rating.metering import Metered
from billing.rating.packages import Package, Rounding
from billing.rating.percentages import GraduatedPercentage, Percentage
from billing.rating.prices import Dynamic, Flat, PerUnit
from billing.rating.shares import Share
from billing.rating.tiers import (
    Graduated,
    GraduatedByPackage,
    Stairstep,
    Tier,
    Volume,
)


def decimals(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(min_value=0, max_value=most, places=places)


UNIT_AMOUNTS = decimals(100, 12)
FLAT_AMOUNTS = decimals(10_000, 2)
QUANTITIES = decimals(100_000, 3)
SIZES = st.integers(min_value=1, max_value=1000).map(Decimal)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])
AMOUNTS = st.integers(min_value=0, max_value=10**12)


@st.composite
def tiers(draw: st.DrawFn, units: bool = True) -> tuple[Tier, ...]:
    ends = draw(st.lists(SIZES, min_size=0, max_size=4, unique=True).map(sorted))
    return tuple(
        Tier(end, draw(UNIT_AMOUNTS) if units else Decimal(0), draw(FLAT_AMOUNTS))
        for end in [*ends, None]
    )


PRICES = st.one_of(
    st.builds(Flat, FLAT_AMOUNTS),
    st.builds(PerUnit, UNIT_AMOUNTS, decimals(10, 0)),
    st.builds(Dynamic, decimals(10, 3)),
    st.builds(Graduated, tiers(), st.booleans()),
    st.builds(Volume, tiers(), st.booleans()),
    st.builds(Stairstep, tiers(units=False), st.booleans()),
    st.builds(GraduatedByPackage, SIZES, tiers(), st.sampled_from(Rounding)),
    st.builds(
        Package, FLAT_AMOUNTS, SIZES, st.sampled_from(Rounding), decimals(100, 0)
    ),
    st.builds(
        Percentage,
        decimals(30, 3),
        decimals(2, 2),
        st.integers(min_value=0, max_value=3),
        decimals(500, 2),
    ),
    st.builds(GraduatedPercentage, tiers()),
)


@st.composite
def cards(draw: st.DrawFn) -> RateCard:
    low, high = sorted((draw(FLAT_AMOUNTS), draw(FLAT_AMOUNTS)))
    return RateCard(
        draw(PRICES),
        free_units=draw(decimals(50, 0)),
        percent_off=draw(decimals(100, 2)),
        minimum=draw(st.sampled_from([None, low])),
        maximum=draw(st.sampled_from([None, high])),
    )


@st.composite
def shares(draw: st.DrawFn) -> Share:
    whole = draw(st.integers(min_value=1, max_value=31_622_400))
    before = draw(st.integers(min_value=0, max_value=whole))
    part = draw(st.integers(min_value=0, max_value=whole - before))
    places = draw(st.sampled_from([None, 9]))
    return Share(part, whole, before, places=places)


def runs(card: RateCard, currency: str, quantities: Sequence[Decimal]) -> Iterator[int]:
    """Minor units of each run of a period whose cumulative usage was ``quantities``."""
    billed = 0
    for number, quantity in enumerate(quantities, start=1):
        line = Metered(card=card, currency=currency, quantity=quantity, billed=billed)
        billed = line.so_far
        due = metering.bill(line, final=number == len(quantities))
        yield sum(each.amount for each in due)
