"""Revenue by month: what the ledger booked, in the months in which it is earned.

A sweep spreads new entries, so that the biller has nothing to do with it; a report that
looks before the sweep says how many entries it does not know yet.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from billing.models import LedgerEntry, RevenuePart
from billing.rating import recognition
from billing.rating.periods import Period
from billing.reports.figures import Figure, Row, Rows, Table
from billing.reports.months import Months, over, spoken
from billing.states import LedgerAccount

BATCH = 1_000


def waiting() -> QuerySet[LedgerEntry]:
    """Entries of revenue that no part is written of."""
    parts = RevenuePart.objects.filter(entry=OuterRef("pk"))
    revenue = LedgerEntry.objects.filter(account=LedgerAccount.REVENUE)
    return revenue.filter(~Exists(parts)).order_by("pk")


def recognise() -> int:
    """Write the parts of a batch of entries; return of how many. Twice adds nothing."""
    found = list(waiting()[:BATCH])
    parts = [part for entry in found for part in parts_of(entry)]
    RevenuePart.objects.bulk_create(parts, ignore_conflicts=True)
    return len(found)


def parts_of(entry: LedgerEntry) -> list[RevenuePart]:
    """What of an entry belongs to each month of its period; they add up to it.

    Credits of the ledger are below zero; revenue is one.
    """
    start = entry.period_start or entry.at
    period = Period(start, entry.period_end or start)
    return [
        RevenuePart(
            entry=entry,
            month=month,
            currency=entry.currency,
            amount=amount,
            booked_at=entry.at,
        )
        for month, amount in recognition.by_month(-entry.amount, period)
    ]


def tables(months: Months) -> Iterator[Table]:
    """For each currency: of each month, and what was booked by its end for later."""
    unknown = waiting().count()
    note = f"{unknown} bookings are not spread yet; they soon are." if unknown else ""
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
            ("Earned in the month", "Booked, to be earned later"),
            tuple(rows),
            charted=(0,),
            note=note,
        )


def _of(currency: str, month: date) -> Rows:
    where = {"currency__exact": currency, "month__exact": month}
    return Rows(RevenuePart, where, "amount")


def _after(currency: str, month: date) -> Rows:
    """Parts of later months that were booked in this month and before."""
    where = {"currency__exact": currency, "month__gt": month}
    return Rows(RevenuePart, {**where, "booked_at__lt": over(month)}, "amount")


type Sums = dict[str, dict[date, int]]


def _by_month(months: Months) -> Sums:
    sums: Sums = defaultdict(lambda: defaultdict(int))
    found = RevenuePart.objects.filter(month__in=months.all)
    by_month = found.values("currency", "month").annotate(sum=Sum("amount"))
    for row in by_month.order_by():
        sums[row["currency"]][row["month"]] = row["sum"]
    return sums


def _later(months: Months) -> Sums:
    wanted = {
        f"later_{n}": Sum(
            "amount", filter=Q(month__gt=month, booked_at__lt=over(month)), default=0
        )
        for n, month in enumerate(months.all)
    }
    rows = RevenuePart.objects.values("currency")
    found: Any = rows.annotate(**wanted).order_by()
    sums: Sums = defaultdict(lambda: defaultdict(int))
    for row in found:
        for n, month in enumerate(months.all):
            sums[row["currency"]][month] = row[f"later_{n}"]
    return sums
