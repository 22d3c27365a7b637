"""Lines for usage: always the difference of a cumulative rating.

Usage of one period may be billed several times. Each time all of it so far is rated
again and what was billed before is taken off: tiers, packages and rounding come out as
if it were billed once, and a line in the customer's favour is nothing special.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from billing.rating import money
from billing.rating.cards import RateCard
from billing.rating.commitments import capped, committed, true_up
from billing.rating.prices import Rated
from billing.rating.shares import WHOLE, Share
from billing.rating.stored import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered(Stored):
    """All usage of a period so far, less the minor units ``billed`` before.

    ``parts`` are transactions or buckets that are priced one by one. ``share`` is how
    much of a period it is, and prorates the maximum commitment only.
    """

    rule: ClassVar[str] = "metered"

    card: RateCard
    currency: str
    quantity: Decimal = Decimal(0)
    parts: tuple[Decimal, ...] = ()
    billed: int = 0
    share: Share = WHOLE

    @property
    def rated(self) -> Rated:
        """Exact and in major units, before what was billed is taken off."""
        if self.parts:
            return self.card.rate_parts(self.parts)
        return self.card.rate(self.quantity)

    @property
    def so_far(self) -> int:
        """Minor units for all of the period's usage so far."""
        return self._capped(self.rated)

    @property
    def amount(self) -> int:
        """Minor units to bill now; below zero when less is due than was billed."""
        return self.so_far - self.billed

    @property
    def why(self) -> str:
        """The computation in words."""
        rated = self.rated
        words, so_far = [rated.words], self._capped(rated)
        if so_far != money.to_minor(rated.total, self.currency):
            words.append(f"at most {money.text(so_far, self.currency)}")
        if self.billed:
            words.append(f"less {money.text(self.billed, self.currency)} billed before")
        return ", ".join(words)

    def _capped(self, rated: Rated) -> int:
        used = money.to_minor(rated.total, self.currency)
        return capped(used, self.card.maximum, self.currency, self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueUp(Stored):
    """What is missing to a minimum commitment once all usage of a period is billed.

    ``billed`` minor units were asked for before; below zero where later usage fills
    what was missing.
    """

    rule: ClassVar[str] = "true_up"

    commitment: Decimal
    currency: str
    used: int
    share: Share = WHOLE
    billed: int = 0

    @property
    def so_far(self) -> int:
        """Minor units missing to the minimum by all usage so far."""
        return true_up(self.commitment, self.used, self.currency, self.share)

    @property
    def amount(self) -> int:
        return self.so_far - self.billed

    @property
    def why(self) -> str:
        least = money.text(
            committed(self.commitment, self.currency, self.share), self.currency
        )
        part = f" ({self.share.words})" if self.share != WHOLE else ""
        words = f"minimum of {least}{part} less {money.text(self.used, self.currency)}"
        if self.billed:
            words += f", less {money.text(self.billed, self.currency)} billed before"
        return words


def bill(line: Metered, *, final: bool, trued_up: int = 0) -> list[Metered | TrueUp]:
    """The lines of one run. The minimum is asked for in the last run of a period.

    What comes in after the last run is billed by another last run: ``trued_up`` minor
    units of the minimum were asked for before.
    """
    lines: list[Metered | TrueUp] = [line]
    if final and line.card.minimum is not None:
        used, least = line.so_far, line.card.minimum
        lines.append(
            TrueUp(
                commitment=least,
                currency=line.currency,
                used=used,
                share=line.share,
                billed=trued_up,
            )
        )
    return lines
