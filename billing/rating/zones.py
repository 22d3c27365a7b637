"""Periods that are counted in another time zone from now on."""

from __future__ import annotations

from datetime import datetime, tzinfo

from billing.rating import dates
from billing.rating.anchors import Anchor, midnight

# Of any month: where it has no 31st, its last day.
LAST = 31


def moved(kept: Anchor, boundary: datetime, old: tzinfo, new: tzinfo) -> Anchor:
    """The anchor in another zone: a boundary of before stays one, so no hours are left.

    The day of the month stays, unless the boundary falls on the day before or after it
    there: what began on the first at midnight may begin on the last in the evening.
    """
    was, now = dates.local(boundary, old), dates.local(boundary, new)
    if was == now:
        return Anchor(boundary, kept.day or dates.local(kept.at, old).day)
    return Anchor(boundary, LAST if was.day == 1 and now < was else now.day)


def at_midnight(kept: Anchor, old: tzinfo, new: tzinfo) -> Anchor:
    """The anchor of days that begin at midnight: the same day, from midnight there."""
    return Anchor(midnight(dates.local(kept.at, old), new), kept.day)


def is_midnight(moment: datetime, zone: tzinfo) -> bool:
    """Whether a day begins at a moment in a zone."""
    return midnight(dates.local(moment, zone), zone) == moment
