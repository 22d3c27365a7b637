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
    """A price from a day on; ``price`` is None where the plan was taken off sale.

    Days or moments, all of the same kind. ``number`` tells apart what begins together.
    """

    effective: date
    price: Decimal | None
    effective_for_existing: date | None = None
    number: int = 0

    @property
    def place(self) -> tuple[date, int]:
        """Where it stands among the versions of a plan."""
        return self.effective, self.number


def sold(versions: Iterable[Version], day: date) -> Version:
    """The version that a subscription of that day gets. Raises NotSold."""
    known = [version for version in versions if version.effective <= day]
    latest = max(known, key=lambda version: version.place, default=None)
    if latest is None or latest.price is None:
        raise NotSold(f"the plan is not sold on {day}")
    return latest


def succeeding(bought: Version, versions: Iterable[Version], day: date) -> Version:
    """The version that a period starting on ``day`` is billed by.

    The one bought, unless a later one is for existing subscriptions by that day.
    """
    later = [
        version
        for version in versions
        if version.price is not None
        and version.place > bought.place
        and version.effective_for_existing is not None
        and version.effective_for_existing <= day
    ]
    return max([bought, *later], key=lambda version: version.place)
