"""Revenue by month: what of each line belongs to which, and what is left for later.

A sweep writes the parts of new lines, so that the biller has nothing to do with it; a
report that looks before the sweep says how many lines it does not know yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from billing.models import InvoiceLine, RevenuePart
from billing.rating import recognition
from billing.rating.periods import Period
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months, over, spoken
from billing.states import InvoiceState

BATCH = 1_000
COUNTS = [
    str(state)
    for state in (InvoiceState.OPEN, InvoiceState.PAID, InvoiceState.UNCOLLECTIBLE)
]


def waiting() -> QuerySet[InvoiceLine]:
    """Lines of finalised invoices that no part is written of."""
    parts = RevenuePart.objects.filter(line=OuterRef("pk"))
    lines = InvoiceLine.objects.filter(~Exists(parts), invoice__sequence__isnull=False)
    return lines.select_related("invoice").order_by("pk")


def recognise() -> int:
    """Write the parts of a batch of lines; return of how many. Twice adds nothing."""
    found = list(waiting()[:BATCH])
    parts = [part for line in found for part in parts_of(line)]
    RevenuePart.objects.bulk_create(parts, ignore_conflicts=True)
    return len(found)


def parts_of(line: InvoiceLine) -> list[RevenuePart]:
    """What of a line belongs to each month of its period; all of them add up to it."""
    invoice = line.invoice
    start = line.period_start or invoice.opened_at
    period = Period(start, line.period_end or start)
    return [
        RevenuePart(line=line, month=month, currency=invoice.currency, amount=amount)
        for month, amount in recognition.by_month(line.amount - line.discount, period)
    ]


def tables(months: Months) -> Iterator[Table]:
    """For each currency: of each month, and what was invoiced by its end for later."""
    unknown = waiting().count()
    note = f"{unknown} lines are not counted yet; they will be soon." if unknown else ""
    monthly, later = _by_month(months), _later(months)
    for currency in sorted({*monthly, *later}):
        rows = [
            Row(
                spoken(month),
                (
                    Figure(monthly[currency][month], currency, _of(currency, month)),
                    Figure(later[currency][month], currency, _after(currency, month)),
                ),
            )
            for month in months.all
        ]
        yield Table(
            f"Revenue by month, {currency}",
            "Month",
            ("Belongs to the month", "Invoiced, of later months"),
            tuple(rows),
            charted=(0,),
            note=note,
        )


def _counted(currency: str) -> dict[str, Any]:
    return {"currency__exact": currency, "line__invoice__state__in": COUNTS}


def _of(currency: str, month: date) -> Rows:
    where = {**_counted(currency), "month__exact": month}
    return Rows(RevenuePart, where, "amount")


def _after(currency: str, month: date) -> Rows:
    """Parts of later months on invoices of this month and before."""
    where = {"month__gt": month, "line__invoice__opened_at__lt": over(month)}
    return Rows(RevenuePart, {**_counted(currency), **where}, "amount")


type Sums = dict[str, dict[date, int]]


def _valid() -> QuerySet[RevenuePart]:
    return RevenuePart.objects.filter(line__invoice__state__in=COUNTS)


def _by_month(months: Months) -> Sums:
    sums: Sums = defaultdict(lambda: defaultdict(int))
    found = _valid().filter(month__in=months.all).values("currency", "month")
    for row in found.annotate(sum=Sum("amount")).order_by():
        sums[row["currency"]][row["month"]] = row["sum"]
    return sums


def _later(months: Months) -> Sums:
    wanted = {
        f"later_{n}": Sum(
            "amount",
            filter=Q(month__gt=month, line__invoice__opened_at__lt=over(month)),
            default=0,
        )
        for n, month in enumerate(months.all)
    }
    found = _valid().values("currency").annotate(**wanted).order_by()
    return defaultdict(
        lambda: defaultdict(int),
        {
            row["currency"]: {
                month: row[f"later_{n}"] for n, month in enumerate(months.all)
            }
            for row in found
        },
    )
