"""What is to be invoiced, before it is an invoice: between biller and invoicing.

The biller says which lines are due; invoicing takes discounts off, puts tax on, gives
the number. A draft is worked out from rows without writing any, so the dry run of the
next invoice is the same code with nothing stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from billing.models import Customer, InvoiceLine, Plan, Subscription, SubscriptionItem
from billing.rating.lines import Line
from billing.rating.periods import Period
from billing.states import InvoiceKind, LineKind


@dataclass(frozen=True)
class DraftLine:
    """One line: its rule with inputs, what it is for, and when.

    An item's price says how it is taxed; ``tax_class`` and ``tax_included`` say it for
    a line without one. ``gives_back`` is the line that a credit gives back from: so it
    gives back that much less of the discount, and is taxed as that was. ``gave_back``
    is how much of that line, in minor units, was given back before.
    """

    description: str
    line: Line
    kind: LineKind
    period: Period
    subscription: Subscription | None = None
    item: SubscriptionItem | None = None
    tax_class: str = "standard"
    tax_included: bool = False
    gives_back: InvoiceLine | None = None
    gave_back: int = 0

    @cached_property
    def amount(self) -> int:
        """Minor units, before discounts and tax; below zero for a credit."""
        return self.line.amount

    @property
    def taxed_as(self) -> tuple[str, bool]:
        """Its class of products for tax, and whether the price contains the tax."""
        if self.item is None:
            return self.tax_class, self.tax_included
        return self.item.price.tax_class, self.item.price.tax_included

    @property
    def plan_code(self) -> str:
        """The plan it is charged for, "" for none: coupons ask."""
        if self.item is not None:
            return self.item.price.plan.code
        return self.subscription.plan.code if self.subscription else ""


@dataclass(frozen=True, slots=True)
class Draft:
    """Lines of one customer in one currency, as of a moment.

    ``plan`` is what the invoice leads to once it is paid, where it is for a change.
    """

    customer: Customer
    kind: InvoiceKind
    currency: str
    lines: tuple[DraftLine, ...]
    at: datetime
    plan: Plan | None = None

    @property
    def subtotal(self) -> int:
        """Minor units: the sum of the rounded lines."""
        return sum(line.amount for line in self.lines)
