"""Credit notes: a part of an invoice given back, with the tax that was on it.

The notes of an invoice are never more than the invoice, with tax as without, and the
one that gives back the rest gives back all of the tax that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from billing.rating import money, taxes
from billing.rating.shares import spread


class TooMuchCredit(ValueError):
    """The notes of an invoice would be more than the invoice."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """Minor units of an invoice, or of a note on it."""

    subtotal: int
    tax: int

    @property
    def total(self) -> int:
        return self.subtotal + self.tax


def credit(
    subtotal: int,
    percents: Sequence[Decimal],
    invoice: Amounts,
    earlier: Sequence[Amounts] = (),
) -> Amounts:
    """The note for so much of an invoice before tax, by the invoice's own rates.

    ``earlier`` are the notes there are already. Raises TooMuchCredit.
    """
    left = rest(invoice, earlier)
    if not 0 < subtotal <= left.subtotal:
        raise TooMuchCredit(f"{subtotal} can not be credited, {left.subtotal} is left")
    if subtotal == left.subtotal:
        return left
    tax = taxes.together(subtotal, percents)
    return Amounts(subtotal, min(tax, left.tax))


def cap[Amount: (int, Decimal)](
    potential: Amount, charged: Amount, credited: Amount
) -> Amount:
    """A credit of at most what was charged for the item less earlier credits."""
    left = charged - credited
    most = min(potential, left)
    return max(most, left - left)


def taken_back(amount: int, whole: Amounts, notes: Sequence[Amounts]) -> int:
    """How much of a line's amount its notes took back, in minor units, rounded up.

    The amount is before discounts, and contains tax where prices do; notes count what
    is left of it. So in proportion, and all of it once nothing is left.
    """
    left = rest(whole, notes)
    if not whole.subtotal:
        return 0 if left == whole else amount
    return amount - amount * max(0, left.subtotal) // whole.subtotal


def rest(invoice: Amounts, earlier: Sequence[Amounts] = ()) -> Amounts:
    """What the earlier notes left of an invoice, or of one of its lines."""
    return Amounts(
        invoice.subtotal - sum(note.subtotal for note in earlier),
        invoice.tax - sum(note.tax for note in earlier),
    )


def of_total(total: int, left: Amounts) -> Amounts:
    """The note for so much with tax, to the minor unit, of what is left of a line.

    Before tax it is in proportion to what is left, rounded to a minor unit; the rest is
    tax, never more than is left of it. Raises TooMuchCredit.
    """
    if not 0 < total <= left.total:
        raise TooMuchCredit(f"{total} can not be credited, {left.total} is left")
    subtotal = money.rounded(Fraction(left.subtotal * total, left.total))
    return Amounts(subtotal, total - subtotal)


def split(amount: int, left: Sequence[int]) -> list[int]:
    """A note's amount over lines, in proportion to what is left of them.

    Raises TooMuchCredit.
    """
    weights = [max(0, line) for line in left]
    if not 0 < amount <= sum(weights):
        raise TooMuchCredit(f"{amount} can not be credited, {sum(weights)} is left")
    return spread(amount, weights)
