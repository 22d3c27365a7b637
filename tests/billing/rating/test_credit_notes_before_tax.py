"""How much before tax a refund with tax takes back."""

from __future__ import annotations

import pytest

from billing.rating.credit_notes import Amounts, before_tax


@pytest.mark.parametrize(
    ("total", "left", "net"),
    [
        (119, Amounts(100, 19), 100),
        (1190, Amounts(10_000, 1_900), 1_000),
        (1000, Amounts(10_000, 0), 1_000),
        (1, Amounts(100, 19), 1),
        (7, Amounts(1, 99), 0),
    ],
)
def test_in_proportion_to_what_is_left(total: int, left: Amounts, net: int) -> None:
    assert before_tax(total, left) == net
