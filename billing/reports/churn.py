"""Who left and what went with them, by month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date
from itertools import accumulate, pairwise

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth

from billing.models import RecurringChange
from billing.models.reporting import Movement
from billing.rating.recurring import percent
from billing.reports import recurring
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months, spoken, within

# A customer counts while any of its subscriptions brings something. Who leaves and
# comes back within a month is counted as lost and as won.
WON = {"customer_before__exact": 0, "customer_after__gt": 0}
LOST = {"customer_before__gt": 0, "customer_after__exact": 0}
LESS = (Movement.CONTRACTION, Movement.CHURN)


def tables(months: Months) -> Iterator[Table]:
    """Customers of all currencies, then the revenue of each currency."""
    yield _customers(months)
    for currency, moved in sorted(recurring.by_currency(months).items()):
        yield _revenue(currency, moved, months)


def _customers(months: Months) -> Table:
    won, lost = _counted(months)
    earlier = [m for m in {*won, *lost} if m < months.all[0]]
    begin = sum(won[month] - lost[month] for month in earlier)
    changes = (won[month] - lost[month] for month in months.all)
    standing = pairwise(accumulate(changes, initial=begin))

    def row(month: date, ends: tuple[int, int]) -> Row:
        start, end = ends
        came = Figure(won[month], rows=Rows(RecurringChange, {**WON, **within(month)}))
        gone = Figure(
            lost[month], rows=Rows(RecurringChange, {**LOST, **within(month)})
        )
        share = Figure(percent(lost[month], start), unit="%")
        figures = (Figure(start), came, gone, Figure(end), share)
        return Row(spoken(month), figures)

    return Table(
        "Customers",
        "Month",
        ("At its start", "Won", "Lost", "At its end", "Churn"),
        tuple(map(row, months.all, standing)),
        charted=(2,),
    )


def _counted(months: Months) -> tuple[dict[date, int], dict[date, int]]:
    """How many customers came and went in each month; one query."""
    found = (
        RecurringChange.objects.filter(at__lt=months.end)
        .annotate(month=TruncMonth("at", tzinfo=UTC))
        .values("month")
        .annotate(won=Count("pk", filter=Q(**WON)), lost=Count("pk", filter=Q(**LOST)))
        .order_by()
    )
    won: dict[date, int] = defaultdict(int)
    lost: dict[date, int] = defaultdict(int)
    for row in found:
        won[row["month"].date()] = row["won"]
        lost[row["month"].date()] = row["lost"]
    return won, lost


def _revenue(currency: str, moved: recurring.Moved, months: Months) -> Table:
    def row(month: date, start: int) -> Row:
        kinds = moved.get(month, {})
        less = sum(kinds.get(kind, 0) for kind in LESS)
        figures = [
            Figure(
                kinds.get(kind, 0), currency, recurring.changes(currency, month, kind)
            )
            for kind in LESS
        ]
        share = Figure(percent(-less, start), unit="%")
        return Row(spoken(month), (Figure(start, currency), *figures, share))

    return Table(
        f"Recurring revenue that went, {currency}",
        "Month",
        ("At its start", "Contracted", "Churned", "Churn"),
        tuple(map(row, months.all, recurring.at_starts(moved, months))),
        charted=(1, 2),
    )
