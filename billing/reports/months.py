"""The months that a report runs through; all of them in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from billing.rating import dates, recognition

YEAR = 12


@dataclass(frozen=True, slots=True)
class Months:
    """So many calendar months in a row, the last of which is ``last``."""

    last: date
    count: int = YEAR
    all: tuple[date, ...] = field(init=False)

    def __post_init__(self) -> None:
        back = range(self.count - 1, -1, -1)
        months = tuple(dates.months_later(self.last, -n) for n in back)
        object.__setattr__(self, "all", months)

    @property
    def start(self) -> datetime:
        return recognition.month_start(self.all[0])

    @property
    def end(self) -> datetime:
        """When the last one is over, and so not part of it any more."""
        return over(self.last)


def over(month: date) -> datetime:
    """When a month is over."""
    return recognition.month_start(dates.months_later(month, 1))


def within(month: date, name: str = "at") -> dict[str, datetime]:
    """Look-ups of what is in a month."""
    return {f"{name}__gte": recognition.month_start(month), f"{name}__lt": over(month)}


def spoken(month: date) -> str:
    """``Nov 2026``."""
    return f"{month:%b %Y}"
