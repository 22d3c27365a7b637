"""When the steps against what is unpaid are due.

A step has conditions, of which one is enough: so long since the oldest due date, so
much owed, so many invoices. Days are of 24 hours, counted from the moment the oldest
of the unpaid invoices was due; amount and number hold as soon as they are reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Owed:
    """What a customer owes: since when, how much (minor units), how many invoices."""

    since: datetime
    amount: int
    currency: str
    invoices: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Conditions:
    """Any of them is enough. ``amounts``: minor units by currency."""

    days: int | None = None
    amounts: Mapping[str, int] = field(default_factory=dict)
    invoices: int | None = None


def reached(conditions: Conditions, owed: Owed) -> datetime | None:
    """When the first of the conditions holds; None when, as things are, none will."""
    moments = []
    if conditions.days is not None:
        moments.append(owed.since + timedelta(days=conditions.days))
    enough = conditions.amounts.get(owed.currency)
    if enough is not None and owed.amount >= enough:
        moments.append(owed.at)
    if conditions.invoices is not None and owed.invoices >= conditions.invoices:
        moments.append(owed.at)
    return min(moments, default=None)
