"""Computes an invoice again from what its lines keep, and says where that differs."""

from __future__ import annotations

from collections.abc import Iterator

from billing.models import Invoice, InvoiceLine
from billing.rating.lines import UnknownRule, from_inputs


def verify(invoice: Invoice) -> list[str]:
    """What does not come to what is written, in words; nothing when all does."""
    lines = list(invoice.lines.all())
    found = [f"line {n.position}: {why}" for n in lines for why in _line(n)]
    sums = {
        "subtotal": sum(line.amount for line in lines),
        "discount": sum(line.discount for line in lines),
        "tax": sum(line.tax for line in lines),
        "included": sum(line.included for line in lines),
    }
    return found + [
        f"{name} is {getattr(invoice, name)}, its lines come to {come}"
        for name, come in sums.items()
        if come != getattr(invoice, name)
    ]


def _line(line: InvoiceLine) -> Iterator[str]:
    try:
        amount = line.rated.amount
        discount = -sum(from_inputs(off["inputs"]).amount for off in line.discounts)
    except UnknownRule as error:
        yield str(error)
        return
    tax = line.assessment.tax
    for name, written, come in (
        ("amount", line.amount, amount),
        ("discount", line.discount, discount),
        ("tax", line.tax, tax),
    ):
        if written != come:
            yield f"{name} is {written}, its rule gives {come}"
