"""Recurring revenue at the end of each month, and what moved it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date
from itertools import accumulate

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from billing.models import RecurringChange
from billing.models.reporting import Movement
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months, over, spoken, within

COLUMNS = {
    Movement.NEW: "New",
    Movement.REACTIVATION: "Reactivated",
    Movement.EXPANSION: "Expanded",
    Movement.CONTRACTION: "Contracted",
    Movement.CHURN: "Churned",
}

type Moved = dict[date, dict[str, int]]


def tables(months: Months) -> Iterator[Table]:
    """For each currency: the revenue of a month, and its movements."""
    for currency, moved in sorted(by_currency(months).items()):
        yield _standing(currency, moved, months)
        yield _movements(currency, moved, months)


def by_currency(months: Months) -> dict[str, Moved]:
    """Sums by currency, month and kind since the beginning; one query."""
    found = (
        RecurringChange.objects.filter(at__lt=months.end)
        .annotate(month=TruncMonth("at", tzinfo=UTC))
        .values("currency", "month", "kind")
        .annotate(sum=Sum("amount"))
        .order_by()
    )
    sums: dict[str, Moved] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for row in found:
        sums[row["currency"]][row["month"].date()][row["kind"]] += row["sum"]
    return sums


def at_starts(moved: Moved, months: Months) -> list[int]:
    """The revenue when each month begins, and when the last one is over."""
    before = sum(
        sum(kinds.values()) for month, kinds in moved.items() if month < months.all[0]
    )
    changes = (sum(moved.get(month, {}).values()) for month in months.all)
    return list(accumulate(changes, initial=before))


def changes(currency: str, month: date, *kinds: str) -> Rows:
    """The rows behind a movement of a month."""
    where = {"currency__exact": currency, **within(month)}
    if kinds:
        where["kind__in"] = [str(kind) for kind in kinds]
    return Rows(RecurringChange, where, "amount")


def _standing(currency: str, moved: Moved, months: Months) -> Table:
    def row(month: date, amount: int) -> Row:
        until = {"currency__exact": currency, "at__lt": over(month)}
        rows = Rows(RecurringChange, until, "amount")
        return Row(spoken(month), (Figure(amount, currency, rows),))

    ends = at_starts(moved, months)[1:]
    return Table(
        f"Recurring revenue a month, {currency}",
        "At the end of",
        ("Recurring revenue",),
        tuple(map(row, months.all, ends)),
        charted=(0,),
    )


def _movements(currency: str, moved: Moved, months: Months) -> Table:
    def row(month: date) -> Row:
        kinds = moved.get(month, {})
        figures = [
            Figure(kinds.get(kind, 0), currency, changes(currency, month, kind))
            for kind in COLUMNS
        ]
        net = Figure(sum(kinds.values()), currency, changes(currency, month))
        return Row(spoken(month), (*figures, net))

    return Table(
        f"Movements, {currency}",
        "Month",
        (*COLUMNS.values(), "Change"),
        tuple(map(row, months.all)),
        charted=tuple(range(len(COLUMNS))),
    )
