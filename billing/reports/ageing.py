"""Receivables by age: what is open at this moment, and since when it is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, F, Q, Sum

from billing import clock
from billing.models import Invoice
from billing.rating.ageing import Step, steps
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months
from billing.states import InvoiceState

OUTSTANDING = F("total") - F("paid") - F("applied") - F("noted")


def tables(months: Months) -> Iterator[Table]:
    """For each currency what is open, by how long it is overdue; one query.

    The months make no difference: an age is one of today.
    """
    known = steps(clock.now())
    for currency, sums in sorted(_summed(known).items()):
        rows = [_row(step, currency, sums[n]) for n, step in enumerate(known)]
        yield Table(
            f"Open invoices, {currency}",
            "Overdue",
            ("Invoices", "Open"),
            tuple(rows),
            charted=(1,),
        )


def _where(step: Step) -> dict[str, Any]:
    bounds = {"due_at__gte": step.start, "due_at__lt": step.end}
    return {name: at for name, at in bounds.items() if at is not None}


def _summed(known: list[Step]) -> dict[str, dict[int, tuple[int, int]]]:
    wanted: dict[str, Any] = {}
    for n, step in enumerate(known):
        inside = Q(**_where(step))
        wanted[f"count_{n}"] = Count("pk", filter=inside)
        wanted[f"sum_{n}"] = Sum(OUTSTANDING, filter=inside, default=0)
    found = Invoice.objects.filter(state=InvoiceState.OPEN).values("currency")
    sums: dict[str, dict[int, tuple[int, int]]] = defaultdict(dict)
    summed: Any = found.annotate(**wanted).order_by()
    for row in summed:
        for n in range(len(known)):
            sums[row["currency"]][n] = (row[f"count_{n}"], row[f"sum_{n}"])
    return sums


def _row(step: Step, currency: str, summed: tuple[int, int]) -> Row:
    count, outstanding = summed
    where = {
        "state__exact": InvoiceState.OPEN.value,
        "currency__exact": currency,
        **_where(step),
    }
    figures = (
        Figure(count, rows=Rows(Invoice, where)),
        Figure(outstanding, currency, Rows(Invoice, where, OUTSTANDING)),
    )
    return Row(step.name, figures)
