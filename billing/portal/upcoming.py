"""Invoices that are not written yet, worked out by what will write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from billing import clock, engine, invoicing
from billing.drafts import Draft
from billing.invoicing import Bill
from billing.models import Customer
from billing.portal.sums import Sum, of_bill
from paybill_site.kernel.errors import PaybillError

# As far as people plan: a year's plan is billed within it.
AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A bill with when it comes, as pages show it."""

    at: datetime
    currency: str
    bill: Bill
    lines: list[dict[str, Any]]

    @property
    def sums(self) -> list[Sum]:
        return of_bill(self.bill)


@dataclass(frozen=True, slots=True)
class Expected:
    """The next invoice, if there is one; ``trouble`` says why that can not be told."""

    invoice: Upcoming | None = None
    trouble: str = ""


def expected(customer: Customer | None) -> Expected:
    """What comes next as things stand; nothing where none falls due within a year."""
    if customer is None:
        return Expected()
    try:
        return Expected(next_invoice(customer))
    except PaybillError as error:  # the page has more to say than this
        return Expected(trouble=error.detail)


def next_invoice(customer: Customer) -> Upcoming | None:
    """The next one. Raises what would stop the biller, too."""
    draft = engine.next_draft(customer, clock.now() + AHEAD)
    return shown(draft) if draft else None


def shown(draft: Draft) -> Upcoming:
    """A draft with discounts and tax, and why each line amounts to what it does."""
    bill = invoicing.total_up(draft)
    lines = [
        {
            "description": line.draft.description,
            "why": line.draft.line.why,
            "period": line.draft.period,
            "amount": line.amount,
        }
        for line in bill.lines
    ]
    return Upcoming(draft.at, draft.currency, bill, lines)
