"""Names for lengths of time: billing periods by word, and ISO 8601 durations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.rating import dates
from billing.rating.dates import Interval
from billing.rating.periods import Every

NAMED = {
    "daily": Every(Interval.DAY),
    "weekly": Every(Interval.WEEK),
    "biweekly": Every(Interval.WEEK, 2),
    "thirty_days": Every(Interval.DAY, 30),
    "thirty_one_days": Every(Interval.DAY, 31),
    "sixty_days": Every(Interval.DAY, 60),
    "ninety_days": Every(Interval.DAY, 90),
    "monthly": Every(Interval.MONTH),
    "bimestrial": Every(Interval.MONTH, 2),
    "quarterly": Every(Interval.MONTH, 3),
    "triannual": Every(Interval.MONTH, 4),
    "biannual": Every(Interval.MONTH, 6),
    "half_yearly": Every(Interval.MONTH, 6),
    "annual": Every(Interval.YEAR),
    "yearly": Every(Interval.YEAR),
    "sesquiennial": Every(Interval.MONTH, 18),
    "biennial": Every(Interval.YEAR, 2),
    "triennial": Every(Interval.YEAR, 3),
}
FORM = re.compile(
    r"P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?"
    r"(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)


class UnknownDuration(ValueError):
    """The text is no length of time that is known here."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Months, which have no fixed length, and the rest, which has."""

    months: int
    rest: timedelta


def named(word: str, count: int = 1) -> Every:
    """``"quarterly"``, ``"month"``, in any case. Raises UnknownDuration."""
    key = word.lower().replace("-", "_")
    if key in Interval:
        return Every(Interval(key), count)
    if key not in NAMED:
        raise UnknownDuration(f"{word!r} is no billing period")
    return Every(NAMED[key].interval, NAMED[key].count * count)


def parse(text: str) -> Duration:
    """``"P1Y2M10DT2H"``, whole numbers only. Raises UnknownDuration."""
    match = FORM.fullmatch(text)
    if match is None:
        raise UnknownDuration(f"{text!r} is no ISO 8601 duration of whole numbers")
    parts = {name: int(number or 0) for name, number in match.groupdict().items()}
    months = parts.pop("years") * 12 + parts.pop("months")
    return Duration(months, timedelta(**parts))


def after(start: datetime, text: str) -> datetime:
    """``start`` plus a duration: months first and clamped, then the rest."""
    duration = parse(text)
    month = dates.months_later(start.date(), duration.months)
    return datetime.combine(month, start.timetz()) + duration.rest
