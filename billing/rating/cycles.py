"""Counting parts of a period in days, as engines do whose working scale is limited."""

from __future__ import annotations

from billing.rating.shares import Share

# Nine digits of a fraction, as engines that count days have it.
PLACES = 9
DAY = 86_400


def days_of(part: int, whole: int, before: int = 0) -> Share:
    """A share in days, its fraction rounded to nine digits."""
    return Share(part, whole, before, unit=DAY, places=PLACES)
