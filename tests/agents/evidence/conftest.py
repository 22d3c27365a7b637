"""The stories of evidence use the small workflow of ``tests.agents.listing``."""

from __future__ import annotations

from tests.agents.listing import clerk, keeper, listing, other, product, rival
from tests.billing.conftest import basic, subscription, turn, unpaid

__all__ = [
    "basic", "clerk", "keeper", "listing", "other", "product", "rival", "subscription",
    "turn", "unpaid",
]  # fmt: skip
