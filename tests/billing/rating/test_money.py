"""Money: exact integers, halves away from zero, shares that add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating import money
from billing.rating.lines import Charge, UnknownRule, from_inputs, inputs
from billing.rating.shares import Share

AMOUNTS = st.integers(min_value=-(10**12), max_value=10**12)


@pytest.mark.parametrize(
    ("exact", "nearest"),
    [("2.5", 3), ("-2.5", -3), ("2.4999", 2), ("0.5", 1), ("-0.5", -1), ("7", 7)],
)
def test_halves_go_away_from_zero(exact: str, nearest: int) -> None:
    assert money.rounded(Decimal(exact)) == nearest


@given(AMOUNTS, st.integers(min_value=1, max_value=10**6))
def test_rounding_is_symmetric_and_off_by_a_half_at_most(n: int, d: int) -> None:
    exact = Fraction(n, d)
    assert money.rounded(exact) == -money.rounded(-exact)
    assert abs(money.rounded(exact) - exact) <= Fraction(1, 2)


@given(st.integers(min_value=0, max_value=10**12), st.data())
def test_the_two_parts_of_a_period_make_the_whole_within_one_unit(
    price: int, data: st.DataObject
) -> None:
    whole = data.draw(st.integers(min_value=1, max_value=31_622_400))
    part = data.draw(st.integers(min_value=0, max_value=whole))
    parts = Share(part, whole).of(price) + Share(whole - part, whole).of(price)
    assert abs(parts - price) <= 1


@given(AMOUNTS, st.sampled_from(sorted(money.EXPONENTS)))
def test_minor_and_major_units_are_the_same_money(minor: int, currency: str) -> None:
    assert money.to_minor(money.to_major(minor, currency), currency) == minor


def test_each_currency_has_its_own_digits() -> None:
    assert money.text(4900, "EUR") == "49.00 EUR"
    assert money.text(4900, "JPY") == "4900 JPY"
    assert money.text(4900, "KWD") == "4.900 KWD"
    with pytest.raises(money.UnknownCurrency, match="XXX"):
        money.exponent("XXX")


def test_a_share_is_between_nothing_and_all() -> None:
    for part, whole in ((5, 4), (-1, 4), (0, 0)):
        with pytest.raises(ValueError, match="no share"):
            Share(part, whole)


def test_a_line_says_how_it_came_about() -> None:
    days = 24 * 3600
    line = Charge(unit_amount=2495, currency="EUR", part=9 * days, whole=31 * days)
    assert line.amount == 724
    assert line.why == "9 of 31 days of 24.95 EUR"


@given(
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=1000),
    st.booleans(),
)
def test_a_line_is_the_same_again_from_what_is_stored(
    price: int, quantity: int, credit: bool
) -> None:
    line = Charge(
        unit_amount=price,
        currency="EUR",
        quantity=quantity,
        part=7,
        whole=31,
        credit=credit,
    )
    again = from_inputs(inputs(line))
    assert (again, again.amount) == (line, line.amount)


def test_a_line_of_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UnknownRule, match="magic"):
        from_inputs({"rule": "magic"})
