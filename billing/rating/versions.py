"""Which version of a plan holds for whom: new subscriptions, and those that run.

A version is for new subscriptions from its day on. One that runs keeps the version it
was sold, unless a later one says from when it is for existing ones too. A plan that a
version no longer has is not sold any more and goes on for those who have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


class NotSold(ValueError):
    """The plan is not on sale on that day."""


@dataclass(frozen=True, slots=True)
class Version:
    """A price from a day on; ``price`` is None where the plan was taken off sale."""

    effective: date
    price: Decimal | None
    effective_for_existing: date | None = None


def sold(versions: Iterable[Version], day: date) -> Version:
    """The version that a subscription of that day gets. Raises NotSold."""
    known = [version for version in versions if version.effective <= day]
    latest = max(known, key=lambda version: version.effective, default=None)
    if latest is None or latest.price is None:
        raise NotSold(f"the plan is not sold on {day}")
    return latest


def holding(versions: Iterable[Version], subscribed: date, day: date) -> Version:
    """The version that a period starting on ``day`` is billed by. Raises NotSold."""
    known = list(versions)
    bought = sold(known, subscribed)
    later = [
        version
        for version in known
        if version.price is not None
        and version.effective > bought.effective
        and version.effective_for_existing is not None
        and version.effective_for_existing <= day
    ]
    return max([bought, *later], key=lambda version: version.effective)
