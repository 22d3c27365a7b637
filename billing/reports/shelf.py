"""Which reports there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from billing.reports import ageing, churn, recognition, recurring, usage
from billing.reports.figures import Table
from billing.reports.months import Months


@dataclass(frozen=True, slots=True)
class Report:
    """A report by its address; ``about`` says what is counted and what is not."""

    slug: str
    title: str
    about: str
    tables: Callable[[Months], Iterator[Table]]


SHELF = {
    report.slug: report
    for report in (
        Report(
            "recurring",
            "Recurring revenue",
            "What subscriptions in force bring in a month: fees and seats, before"
            " discounts and tax, without usage. A year's price counts a twelfth."
            " Trials, pauses and suspensions bring nothing.",
            recurring.tables,
        ),
        Report(
            "churn",
            "Churn",
            "Customers that pay nothing recurring any more, and the recurring revenue"
            " that went, in percent of what there was when the month began.",
            churn.tables,
        ),
        Report(
            "ageing",
            "Receivables by age",
            "What is open on invoices at this moment, by the days since it was due.",
            ageing.tables,
        ),
        Report(
            "recognition",
            "Revenue by month",
            "What the ledger booked as revenue, over the months of its periods by"
            " the second: lines after discounts and without tax, less credit notes and"
            " what was taken back.",
            recognition.tables,
        ),
        Report(
            "usage",
            "Usage",
            "What came in of each meter, by the day on which it was used. Meters where"
            " a sum over tenants means nothing (a maximum, a level) have events only.",
            usage.tables,
        ),
    )
}
