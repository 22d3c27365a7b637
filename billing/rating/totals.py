"""What stands below the lines of an invoice.

Two settings of an account, never changed silently: tax on each line, rounded and then
summed, or tax on the sum of the lines. Both take discounts off first. A total below
zero is nothing to pay and a credit for the customer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.rating import taxes


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units. ``line_taxes`` is the tax of each line where it is taxed alone."""

    subtotal: int
    discount: int
    tax: int
    line_taxes: tuple[int, ...] = ()

    @property
    def net(self) -> int:
        """After discounts and before tax."""
        return self.subtotal - self.discount

    @property
    def total(self) -> int:
        return self.net + self.tax

    @property
    def due(self) -> int:
        """To pay: never less than nothing."""
        return max(0, self.total)

    @property
    def credit(self) -> int:
        """In the customer's favour, where the total is below zero."""
        return max(0, -self.total)


def taxed_in_all(
    lines: Sequence[int], discount: int, percents: Sequence[Decimal]
) -> Totals:
    """Tax on the sum of the lines after the discount, each percentage rounded."""
    subtotal = sum(lines)
    tax = sum(taxes.exclusive(subtotal - discount, percents))
    return Totals(subtotal, discount, tax)


def on_line(number: int, discount: int, count: int) -> list[int]:
    """A discount that belongs to one of so many lines, numbered from 0."""
    return [discount if n == number else 0 for n in range(count)]


def taxed_by_line(
    lines: Sequence[int], discounts: Sequence[int], percents: Sequence[Decimal]
) -> Totals:
    """Tax on each line after its discount, each percentage rounded, then summed."""
    each = tuple(
        sum(taxes.exclusive(line - off, percents))
        for line, off in zip(lines, discounts, strict=True)
    )
    return Totals(sum(lines), sum(discounts), sum(each), each)
