"""What stands below the lines of an invoice.

Each line is rounded, and so is its tax; below them stand sums and nothing else. Tax on
each line, or on the sum of the lines, is a setting of the account: with the latter a
line's tax is what it adds to the tax of those before it. A total below zero is nothing
to pay and a credit for the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from billing.rating.taxes import Assessment


class Counted(Protocol):
    """A line as the sums see it. Minor units."""

    @property
    def amount(self) -> int: ...

    @property
    def discount(self) -> int: ...

    @property
    def tax(self) -> int: ...

    @property
    def included(self) -> int:
        """The tax that the amount contains already."""
        ...


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units: subtotal - discount + tax - included = total."""

    subtotal: int
    discount: int
    tax: int
    included: int = 0

    @property
    def net(self) -> int:
        """After discounts and before tax."""
        return self.subtotal - self.discount

    @property
    def total(self) -> int:
        return self.net + self.tax - self.included

    @property
    def due(self) -> int:
        """To pay: never less than nothing."""
        return max(0, self.total)

    @property
    def credit(self) -> int:
        """In the customer's favour, where the total is below zero."""
        return max(0, -self.total)


def below(lines: Iterable[Counted]) -> Totals:
    """The sums of the lines, which are rounded already."""
    known = list(lines)
    return Totals(
        sum(line.amount for line in known),
        sum(line.discount for line in known),
        sum(line.tax for line in known),
        sum(line.included for line in known),
    )


def on_the_sum(each: Sequence[Assessment]) -> list[Assessment]:
    """Lines that are taxed alike share one tax: each takes what it adds to it."""
    reached: dict[tuple[object, ...], int] = {}
    shared = []
    for one in each:
        alike = (one.percents, one.names, one.inclusive, one.treatment, one.country)
        before = reached.get(alike, 0)
        reached[alike] = before + one.taxable
        shared.append(replace(one, before=before))
    return shared
