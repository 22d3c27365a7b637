"""Drafts that are not the biller's: charges made by hand, credit bought ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing import clock
from billing.drafts import Draft, DraftLine
from billing.errors import OtherCurrency
from billing.models import Customer, Invoice, InvoiceLine
from billing.rating import money
from billing.rating.lines import Charge
from billing.rating.periods import Period
from billing.states import InvoiceKind, LineKind


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge made by hand; minor units."""

    description: str
    unit_amount: int
    quantity: int = 1
    tax_class: str = "standard"
    tax_included: bool = False
    kind: LineKind = LineKind.OTHER


def by_hand(
    customer: Customer,
    currency: str,
    charges: Sequence[Charged],
    kind: InvoiceKind = InvoiceKind.ONE_OFF,
) -> Draft:
    """A draft of charges. Raises OtherCurrency where the customer has another one."""
    chosen = currency.upper() or customer.currency
    if customer.currency not in {"", chosen} or chosen not in money.EXPONENTS:
        raise OtherCurrency(f"this customer is billed in {customer.currency or 'none'}")
    now = clock.now()
    lines = tuple(
        DraftLine(
            charge.description,
            Charge(
                unit_amount=charge.unit_amount,
                currency=chosen,
                quantity=charge.quantity,
            ),
            charge.kind,
            Period(now, now),
            tax_class=charge.tax_class,
            tax_included=charge.tax_included,
        )
        for charge in charges
    )
    return Draft(customer, kind, chosen, lines, now)


def of_rows(invoice: Invoice) -> Draft:
    """A draft that was stored, as it was drafted."""
    rows = invoice.lines.select_related("subscription__plan", "item__price__plan")
    lines = tuple(_line(row) for row in rows)
    kind = InvoiceKind(invoice.kind)
    return Draft(
        invoice.customer, kind, invoice.currency, lines, clock.now(), invoice.plan
    )


def _line(row: InvoiceLine) -> DraftLine:
    start = row.period_start or clock.now()
    return DraftLine(
        row.description,
        row.rated,
        LineKind(row.kind),
        Period(start, row.period_end or start),
        row.subscription,
        row.item,
        tax_class=row.tax_class,
        tax_included=row.tax_included,
    )
