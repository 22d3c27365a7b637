"""Makes invoices of drafts: discounts, tax, a gapless number, and no more changes.

``bills`` works a draft out without writing anything; ``issuing`` stores it; ``numbers``
counts; ``closing`` takes invoices back or gives up on them.
"""

from __future__ import annotations

from billing.invoicing.bills import Bill, BillLine, total_up
from billing.invoicing.closing import give_up, open_invoices, void
from billing.invoicing.issuing import discard, finalise, issue, issue_many, store_draft
from billing.invoicing.withdrawing import withdraw

__all__ = [
    "Bill",
    "BillLine",
    "discard",
    "finalise",
    "give_up",
    "issue",
    "issue_many",
    "open_invoices",
    "store_draft",
    "total_up",
    "void",
    "withdraw",
]
