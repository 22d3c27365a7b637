"""What is given back of a line with a discount, in one part or in many."""

from __future__ import annotations

from billing.rating.discounts import GivenBack


def test_all_parts_together_give_back_what_was_paid() -> None:
    parts = [
        GivenBack(base=-25, charged=100, taken=1, currency="EUR", before=before)
        for before in (0, 25, 50, 75)
    ]
    assert sum(part.base + part.amount for part in parts) == -99
    whole = GivenBack(base=-100, charged=100, taken=1, currency="EUR")
    assert whole.amount == 1
