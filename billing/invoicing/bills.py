"""A draft with discounts and tax: what the invoice will say. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from billing.drafts import Draft, DraftLine
from billing.rating.taxes import Assessment
from billing.states import LineKind


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line with what is taken off it and how it is taxed. Minor units."""

    draft: DraftLine
    discount: int = 0
    assessment: Assessment | None = None

    @property
    def amount(self) -> int:
        """As the price says, before the discount; with tax where prices contain it."""
        return self.draft.amount

    @property
    def tax(self) -> int:
        return sum(self.assessment.taxes) if self.assessment else 0

    @property
    def included(self) -> int:
        """The tax that the amount contains already."""
        return self.tax if self.assessment and self.assessment.inclusive else 0


@dataclass(frozen=True, slots=True)
class Bill:
    """The lines and what stands below them, in minor units of the draft's currency.

    subtotal - discount + tax - included = total. A total below zero is nothing to pay
    and a credit for the customer.
    """

    draft: Draft
    lines: tuple[BillLine, ...]

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def discount(self) -> int:
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def included(self) -> int:
        return sum(line.included for line in self.lines)

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.tax - self.included

    @property
    def applied(self) -> int:
        """From the customer's balance; below zero where it goes to the balance."""
        return min(self.total, self.draft.customer.balance)

    @property
    def due(self) -> int:
        """To pay once the balance is used."""
        return self.total - self.applied

    @property
    def credits(self) -> bool:
        """Whether a line gives back what an earlier invoice charged."""
        return any(line.draft.kind == LineKind.CREDIT for line in self.lines)


def total_up(draft: Draft) -> Bill:
    """The invoice that ``issue`` would make of a draft."""
    return Bill(draft, tuple(BillLine(line) for line in draft.lines))
