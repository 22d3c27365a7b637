"""What stands below the lines of an invoice, written or to come, as pages show it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from billing.invoicing import Bill
from billing.models import Invoice
from billing.rating import money
from billing.rating.taxes import Assessment, assessment_of


@dataclass(frozen=True, slots=True)
class Sum:
    """A row: minor units; ``strong`` for what the reader looks for."""

    name: str
    amount: int
    strong: bool = False


def of_invoice(invoice: Invoice) -> list[Sum]:
    """Discount, taxes, total, and what of it is settled. The lines are loaded."""
    taxed = [assessment_of(line.taxed) for line in invoice.lines.all() if line.taxed]
    sums = list(_until_total(invoice, taxed))
    settled = {
        "Credit used": -max(invoice.applied, 0),
        "Added to your credit": -min(invoice.applied, 0),
        "Credit notes": -invoice.noted,
        "Paid": -invoice.paid,
    }
    sums += [Sum(name, amount) for name, amount in settled.items() if amount]
    if any(settled.values()) and invoice.outstanding:
        sums.append(Sum("Still to pay", invoice.outstanding, strong=True))
    return sums


def of_bill(bill: Bill) -> list[Sum]:
    """The same of an invoice that is not written yet."""
    taxed = [line.assessment for line in bill.lines if line.assessment]
    sums = list(_until_total(bill, taxed))
    if bill.applied > 0:
        sums.append(Sum("Credit used", -bill.applied))
    if bill.applied < 0:
        sums.append(Sum("Added to your credit", -bill.applied))
    if bill.applied:
        sums.append(Sum("To pay", bill.due, strong=True))
    return sums


def _until_total(owed: Invoice | Bill, taxed: Iterable[Assessment]) -> Iterator[Sum]:
    taxes = list(_taxes(taxed))
    if owed.discount or taxes:
        yield Sum("Sum of the lines", owed.subtotal)
    if owed.discount:
        yield Sum("Discount", -owed.discount)
    yield from taxes
    yield Sum("Total", owed.total, strong=True)


def _taxes(taxed: Iterable[Assessment]) -> Iterator[Sum]:
    """One row for each rate of each tax; no tax for a reason is said, too."""
    sums: dict[str, int] = defaultdict(int)
    for each in taxed:
        contained = ", contained" if each.inclusive else ""
        names = each.names or ("Tax",) * len(each.percents)
        rates = zip(names, each.percents, each.taxes, strict=True)
        for name, percent, tax in rates:
            sums[f"{name} {money.plain(percent)}%{contained}"] += tax
        if not each.percents and each.reason:
            sums[f"No tax: {each.reason}"] += 0
    yield from (Sum(name, amount) for name, amount in sums.items())
