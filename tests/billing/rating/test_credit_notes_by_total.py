"""A refund is asked for with tax: its note comes to it, to the minor unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating.credit_notes import Amounts, TooMuchCredit, of_total


@pytest.mark.parametrize(
    ("total", "left", "note"),
    [
        (119, Amounts(100, 19), Amounts(100, 19)),
        (1190, Amounts(10_000, 1_900), Amounts(1_000, 190)),
        (1000, Amounts(10_000, 0), Amounts(1_000, 0)),
        (1, Amounts(100, 19), Amounts(1, 0)),
        (7, Amounts(1, 99), Amounts(0, 7)),
    ],
)
def test_in_proportion_to_what_is_left(
    total: int, left: Amounts, note: Amounts
) -> None:
    assert of_total(total, left) == note


@pytest.mark.parametrize("total", [0, -1, 120])
def test_no_more_than_is_left(total: int) -> None:
    with pytest.raises(TooMuchCredit):
        of_total(total, Amounts(100, 19))


UNITS = st.integers(0, 10**9)


@given(UNITS, UNITS, st.lists(st.integers(1, 10**9), min_size=1, max_size=12))
def test_whatever_goes_back_bit_by_bit_is_never_more_than_there_was(
    subtotal: int, tax: int, asked: list[int]
) -> None:
    left = Amounts(subtotal, tax)
    for most in asked:
        if not left.total:
            break
        total = min(most, left.total)
        note = of_total(total, left)
        assert note.total == total
        left = Amounts(left.subtotal - note.subtotal, left.tax - note.tax)
        assert left.subtotal >= 0
        assert left.tax >= 0
