"""When each part of a price falls due, and which part of which period it is.

Terms say what is billed: how often, counted from where, since when and until when, and
the phases of the price. From them follows a row of pieces, one after the other and
without a gap, each within one period and one phase. Where the row was billed up to is
all that has to be remembered, so asking again adds nothing, and asking day by day
gives the same pieces as asking once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo

from billing.rating import periods, phases, proration
from billing.rating.anchors import Anchor
from billing.rating.cards import RateCard
from billing.rating.periods import Every, Period
from billing.rating.phases import Dated, Kind, Phase
from billing.rating.proration import Counting
from billing.rating.shares import WHOLE, Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One price as somebody has it, from ``start`` until ``end`` (None: it goes on).

    ``phased_from`` is when its first phase began. ``behind`` says that a piece is due
    when it is over, else when it begins; ``once`` that there is one piece only, whole.
    """

    every: Every
    anchor: Anchor
    zone: tzinfo
    counting: Counting
    phases: tuple[Phase, ...]
    phased_from: datetime
    start: datetime
    end: datetime | None = None
    behind: bool = False
    once: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """``part`` of the period ``whole``, at one price, due at a moment."""

    part: Period
    whole: Period
    share: Share
    phase: Phase
    due: datetime

    @property
    def card(self) -> RateCard:
        return self.phase.card

    @property
    def free(self) -> bool:
        """Whether it is a trial, for which no line is written."""
        return self.phase.kind == Kind.TRIAL


def pieces(terms: Terms, billed_to: datetime, until: datetime) -> Iterator[Piece]:
    """What is due by ``until`` and begins at ``billed_to``, in order."""
    reached = billed_to
    while (piece := following(terms, reached)) is not None and piece.due <= until:
        yield piece
        reached = piece.part.end


class Backwards(ValueError):
    """It ends before it begins, or is asked for up to a moment before."""


def from_start(terms: Terms, until: datetime) -> Iterator[Piece]:
    """All that is due by ``until``, from the first piece on. Raises Backwards."""
    if until < terms.start or (terms.end is not None and terms.end < terms.start):
        raise Backwards(f"{terms.start} to {terms.end}, asked for up to {until}")
    return pieces(terms, terms.start, until)


def following(terms: Terms, billed_to: datetime) -> Piece | None:
    """The piece that begins at ``billed_to``; None where nothing more is to come."""
    reached = max(terms.start, billed_to)
    if terms.end is not None and reached >= terms.end:
        return None
    if terms.once and reached > terms.start:
        return None
    phase = phases.at(terms.phases, terms.phased_from, reached, terms.zone)
    if phase.end is not None and phase.end <= reached:
        return None
    return _piece(terms, reached, phase)


def whole_at(terms: Terms, moment: datetime) -> Period:
    """The period, counted from the anchor, that a moment falls into.

    Before the first billing day nothing was aligned: there it is one interval back
    from that day, whatever day of the month the later ones keep.
    """
    anchor, every = terms.anchor, terms.every
    kept = anchor.day if moment >= anchor.at else None
    return periods.containing(anchor.at, every, moment, terms.zone, kept)


def _piece(terms: Terms, reached: datetime, phase: Dated) -> Piece:
    whole = whole_at(terms, reached)
    ends = min(end for end in (whole.end, phase.end, terms.end) if end is not None)
    part = Period(reached, ends)
    # What is had once is not shared among parts of a period.
    share = WHOLE
    if not terms.once:
        since = max(whole.start, terms.start, phase.start)
        share = proration.part(terms.counting, whole, part, terms.zone, since)
    return Piece(part, whole, share, phase.phase, ends if terms.behind else reached)
