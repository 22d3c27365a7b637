"""What cases are written in: numbers as strings, ISO dates, currencies in any case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from billing.rating import durations, money
from billing.rating.packages import Rounding
from billing.rating.periods import Every
from billing.rating.tiers import Tier

type Given = Mapping[str, Any]
type Answer = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plain:
    """A line that nothing is taken off, with its tax on top, if any."""

    amount: int
    discount: int = 0
    tax: int = 0
    included: int = 0


def number(value: Any) -> Decimal:
    return Decimal(str(value))


def numbers(values: list[Any]) -> list[Decimal]:
    return [number(value) for value in values]


def day(text: str) -> date:
    """A day, or the day of a moment in its own zone."""
    return datetime.fromisoformat(text).date()


def midnight(text: str) -> datetime:
    """The beginning of a day, where no zone is said."""
    on = day(text)
    return datetime(on.year, on.month, on.day, tzinfo=UTC)


def maybe_day(text: str | None) -> date | None:
    return day(text) if text else None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def maybe_moment(text: str | None) -> datetime | None:
    return moment(text) if text else None


def zone(given: Given) -> ZoneInfo:
    return ZoneInfo(given.get("timezone", "UTC"))


def every(given: Given) -> Every:
    word = given.get("billing_period") or given["interval"]
    return durations.named(word, int(given.get("interval_count", 1)))


def maybe_every(given: Given) -> Every | None:
    return None if given.get("billing_period") == "NO_BILLING_PERIOD" else every(given)


def currency(given: Given) -> str:
    return str(given.get("currency", "usd")).upper()


def minor(given: Given, name: str) -> Fraction:
    return money.unrounded(number(given[name]), currency(given))


def major(given: Given, amount: int) -> Decimal:
    return money.to_major(amount, currency(given))


def rounding(given: Given) -> Rounding:
    return Rounding(given.get("round", "up"))


def tiers(given: Given) -> tuple[Tier, ...]:
    return tuple(
        Tier(
            up_to=_limit(tier, "up_to", "up_to_packages"),
            unit_amount=number(tier.get("unit_amount", tier.get("package_amount", 0))),
            flat_amount=number(tier.get("flat_amount", 0)),
        )
        for tier in given["tiers"]
    )


def _limit(tier: Given, *names: str) -> Decimal | None:
    said = [tier[name] for name in names if tier.get(name) is not None]
    return number(said[0]) if said else None


def maybe_seconds(said: Any) -> timedelta | None:
    return None if said is None else timedelta(seconds=int(said))


def length(text: str) -> timedelta:
    """``immediately``, ``5m`` or ``75:35:05``."""
    if text == "immediately":
        return timedelta()
    if ":" in text:
        hours, minutes, seconds = text.split(":")
        return durations.parse(f"PT{hours}H{minutes}M{seconds}S").rest
    return durations.parse(f"PT{text.upper()}").rest
