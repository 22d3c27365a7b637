"""Phases of a plan: a trial, a discount, and what then goes on for ever.

Each phase begins where the one before it ends, all counted from one start. Where the
last one is a fixed term, nothing is billed after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from billing.rating import durations
from billing.rating.cards import RateCard
from billing.rating.periods import Period
from billing.rating.prices import Flat, Refused
from billing.rating.stored import Stored


class Kind(StrEnum):
    TRIAL = "trial"
    DISCOUNT = "discount"
    FIXED_TERM = "fixed_term"
    EVERGREEN = "evergreen"


FREE = RateCard(Flat(Decimal(0)))


@dataclass(frozen=True, slots=True)
class Phase(Stored):
    """A rate card for an ISO 8601 duration; the last phase has none and goes on.

    Only a fixed term has one as the last phase, too.
    """

    kind: Kind
    card: RateCard = FREE
    duration: str | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """A phase from a moment until another (None: it goes on)."""

    phase: Phase
    start: datetime
    end: datetime | None

    def within(self, period: Period) -> Period | None:
        """What of a period falls into this phase."""
        start = max(self.start, period.start)
        end = period.end if self.end is None else min(self.end, period.end)
        return Period(start, end) if start < end else None


def checked(phases: Sequence[Phase]) -> None:
    """Raises Refused unless all but the last end; the last does as a fixed term."""
    if not phases or (phases[-1].duration is None) == (
        phases[-1].kind == Kind.FIXED_TERM
    ):
        raise Refused("phases: the last one goes on, unless it is a fixed term")
    if any(phase.duration is None for phase in phases[:-1]):
        raise Refused("phases: only the last one goes on")


def dated(
    phases: Sequence[Phase], start: datetime, zone: tzinfo = UTC
) -> Iterator[Dated]:
    """When each phase is, in the wall time of the account. Raises Refused.

    Each end is counted from the phase's own start, clamped where a month is short.
    """
    checked(phases)
    wall = start.astimezone(zone)
    for phase in phases:
        after = durations.after(wall, phase.duration) if phase.duration else None
        end = after.astimezone(UTC) if after else None
        yield Dated(phase, wall.astimezone(UTC), end)
        wall = after or wall


def at(
    phases: Sequence[Phase], start: datetime, moment: datetime, zone: tzinfo = UTC
) -> Dated:
    """The phase that a moment falls into; the first one before it all began."""
    known = list(dated(phases, start, zone))
    return next((d for d in reversed(known) if d.start <= moment), known[0])


def trial_end(phases: Sequence[Phase], start: datetime, zone: tzinfo = UTC) -> datetime:
    """When the trial is over that a price begins with; its start where it has none."""
    ends = start
    for phase in dated(phases, start, zone):
        if phase.phase.kind != Kind.TRIAL or phase.end is None:
            break
        ends = phase.end
    return ends


def over_at(
    phases: Sequence[Phase], start: datetime, zone: tzinfo = UTC
) -> datetime | None:
    """When the fixed term that it ends with is over; None where it goes on."""
    return list(dated(phases, start, zone))[-1].end
