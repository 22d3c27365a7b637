"""How long something is overdue, in the steps that a list of receivables has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

LIMITS = (0, 30, 60, 90)  # days


@dataclass(frozen=True, slots=True)
class Step:
    """What became due from ``start`` (inclusive) to ``end`` (exclusive)."""

    name: str
    start: datetime | None = None
    end: datetime | None = None


def steps(now: datetime) -> list[Step]:
    """Not due yet, then 1-30, 31-60, 61-90 days, and all that is older.

    A day that has begun counts: due an hour ago is in the second step.
    """
    edges = [now - timedelta(days=limit) for limit in LIMITS]
    names = [f"{low + 1}-{high} days" for low, high in pairwise(LIMITS)]
    between = [
        Step(name, start=older, end=newer)
        for name, (newer, older) in zip(names, pairwise(edges), strict=True)
    ]
    oldest = Step(f"more than {LIMITS[-1]} days", end=edges[-1])
    return [Step("not due yet", start=now), *between, oldest]
