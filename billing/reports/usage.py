"""Usage by month: of each meter how much came in, from how many tenants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth

from billing.models import Meter, UsageBucket
from billing.rating.usage import Aggregation
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months, spoken, within

# What adds up over days and tenants. Of the others a sum would mean nothing.
ADDS_UP = {Aggregation.SUM: "total", Aggregation.COUNT: "events"}

type Sums = dict[date, dict[str, Any]]


def tables(months: Months) -> Iterator[Table]:
    """For each meter that something came in for: events, tenants, and the quantity."""
    found = _summed(months)
    for meter in Meter.objects.filter(pk__in=found).order_by("name"):
        yield _table(meter, found[meter.pk], months)


def _summed(months: Months) -> dict[int, Sums]:
    days = UsageBucket.objects.filter(
        width="day", start__gte=months.start, start__lt=months.end
    )
    rows: Any = (
        days.annotate(month=TruncMonth("start", tzinfo=UTC))
        .values("meter", "month")
        .annotate(
            events_sum=Sum("events"),
            total_sum=Sum("total"),
            tenants=Count("tenant", distinct=True),
        )
        .order_by()
    )
    sums: dict[int, Sums] = defaultdict(dict)
    for row in rows:
        sums[row["meter"]][row["month"].date()] = row
    return sums


def _table(meter: Meter, sums: Sums, months: Months) -> Table:
    column = ADDS_UP.get(meter.how)

    def row(month: date) -> Row:
        found = sums.get(month, {})
        where = {
            "meter__id__exact": meter.pk,
            "width__exact": "day",
            **within(month, "start"),
        }
        figures = [
            Figure(found.get("tenants", 0)),
            Figure(found.get("events_sum", 0), rows=Rows(UsageBucket, where, "events")),
        ]
        if column is not None:
            amount = found.get(f"{column}_sum", 0)
            figures.append(Figure(amount, rows=Rows(UsageBucket, where, column)))
        return Row(spoken(month), tuple(figures))

    columns: tuple[str, ...] = ("Tenants", "Events")
    if column is not None:
        columns = (*columns, meter.units.capitalize())
    return Table(
        f"{meter.name}",
        "Month",
        columns,
        tuple(map(row, months.all)),
        charted=(len(columns) - 1,),
    )
