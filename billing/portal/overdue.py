"""What is overdue, and what happens when if nobody pays."""

from __future__ import annotations

from dataclasses import dataclass

from billing import clock, dunning, pages
from billing.dunning.foretelling import Foreseen
from billing.models import Customer, Invoice
from billing.states import InvoiceState


@dataclass(frozen=True, slots=True)
class Overdue:
    """The invoice that is overdue for longest, and each step that follows."""

    invoice: Invoice
    steps: list[Foreseen]

    @property
    def pay_url(self) -> str:
        return pages.pay_url(self.invoice)


def overdue(customer: Customer | None) -> Overdue | None:
    """None where everything is paid in time."""
    if customer is None:
        return None
    unpaid = customer.invoices.filter(
        state=InvoiceState.OPEN, due_at__lt=clock.now()
    ).order_by("due_at", "pk")
    first = unpaid.first()
    if first is None or not first.outstanding:
        return None
    return Overdue(first, dunning.timeline(customer))
