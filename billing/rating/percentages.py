"""Prices of transactions: a percentage of what was turned over, with fixed parts.

The order of the rules, which vendors leave open: events are free as long as both
allowances that are set still have room; the amount that is free may end within an
event; the fixed part is due for every event that is not free as a whole; the least and
the most per transaction bound what such an event costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from billing.rating.money import Exact
from billing.rating.prices import Rated, Refused, Step, checked, product, units
from billing.rating.stored import Stored
from billing.rating.tiers import Graduated, Tier, ordered

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Percentage(Stored):
    """``percent`` of each transaction's amount plus ``fixed`` for each transaction."""

    percent: Decimal
    fixed: Decimal = ZERO
    free_events: int = 0
    free_amount: Decimal = ZERO
    least: Decimal | None = None
    most: Decimal | None = None
    model: Literal["percentage"] = "percentage"

    def __post_init__(self) -> None:
        for name in ("percent", "fixed", "free_amount"):
            checked(getattr(self, name), name)
        if self.free_events < 0:
            raise Refused(f"free events: {self.free_events} is less than none")
        least, most = self.least, self.most
        if least is not None and most is not None and least > most:
            raise Refused("the least of a transaction is more than the most")

    def rate(self, quantity: Exact) -> Rated:
        """One transaction of this amount. Raises Refused below zero."""
        return self.rate_each([quantity])

    def rate_each(self, amounts: Iterable[Exact]) -> Rated:
        """Transactions in the order in which they came. Raises Refused below zero."""
        paid = list(self._paid(units(amount) for amount in amounts))
        turned_over = sum(paid, Fraction(0))
        if self.least is None and self.most is None:
            steps = product("turned over", turned_over, Fraction(self.percent) / 100)
            steps += product("transactions", len(paid), self.fixed)
            return Rated(tuple(steps), turned_over)
        costs = (self._bounded(self._cost(amount)) for amount in paid)
        steps = [Step(f"transaction {n}", cost) for n, cost in enumerate(costs, 1)]
        return Rated(tuple(steps), turned_over)

    def _paid(self, amounts: Iterable[Fraction]) -> Iterator[Fraction]:
        events, room = self.free_events, Fraction(self.free_amount)
        for amount in amounts:
            used_up = self.free_events > 0 and not events
            used_up = used_up or (self.free_amount > 0 and not room)
            if used_up or not (self.free_events or self.free_amount):
                yield amount
                continue
            free = min(amount, room) if self.free_amount else amount
            events, room = max(0, events - 1), room - free
            if free < amount:
                yield amount - free

    def _cost(self, amount: Fraction) -> Fraction:
        return amount * Fraction(self.percent) / 100 + Fraction(self.fixed)

    def _bounded(self, cost: Fraction) -> Fraction:
        if self.least is not None:
            cost = max(cost, Fraction(self.least))
        return cost if self.most is None else min(cost, Fraction(self.most))


@dataclass(frozen=True, slots=True)
class GraduatedPercentage(Stored):
    """Each part of the turnover has the percentage of its own tier, and a flat fee.

    A tier's ``unit_amount`` is its percentage.
    """

    tiers: tuple[Tier, ...]
    flat_at_zero: bool = False
    model: Literal["graduated_percentage"] = "graduated_percentage"

    def __post_init__(self) -> None:
        ordered(self.tiers)

    def rate(self, quantity: Exact) -> Rated:
        """Over the turnover of the period. Raises Refused, BeyondTiers."""
        by_percent = Graduated(self.tiers, self.flat_at_zero).rate(quantity)
        return Rated(
            tuple(_hundredth(step) for step in by_percent.steps), units(quantity)
        )


def _hundredth(step: Step) -> Step:
    """A percentage of the quantity where there is one; a flat fee as it is."""
    if step.quantity is None or step.unit_amount is None:
        return step
    return replace(step, total=step.total / 100, unit_amount=step.unit_amount / 100)
