"""Commitments: the least and the most that is due for a period.

They bound what was rounded already, and each is prorated for a part of a period.
"""

from __future__ import annotations

from decimal import Decimal

from billing.rating import money
from billing.rating.shares import WHOLE, Share


def committed(amount: Decimal, currency: str, share: Share = WHOLE) -> int:
    """A commitment in minor units, for a share of the period."""
    return share.of(money.unrounded(amount, currency))


def true_up(commitment: Decimal, used: int, currency: str, share: Share = WHOLE) -> int:
    """Minor units still missing to the least that is due; 0 once it is reached."""
    return max(0, committed(commitment, currency, share) - used)


def capped(
    used: int, maximum: Decimal | None, currency: str, share: Share = WHOLE
) -> int:
    """Minor units, but never more than the most that is due."""
    if maximum is None:
        return used
    return min(used, committed(maximum, currency, share))
