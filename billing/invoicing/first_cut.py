"""An invoice of one subscription's charges, as the first cut of the biller asks."""

from __future__ import annotations

from collections.abc import Sequence

from billing import clock
from billing.drafts import Draft, DraftLine
from billing.invoicing.issuing import issue
from billing.models import Invoice, Plan, Subscription
from billing.rating.lines import Line
from billing.rating.periods import Period
from billing.states import InvoiceKind, LineKind

type Item = tuple[str, Line]


def issue_items(
    subscription: Subscription,
    kind: InvoiceKind,
    plan: Plan,
    period: Period,
    items: Sequence[Item],
) -> Invoice:
    """Issue an invoice of these charges for one subscription."""
    lines = tuple(
        DraftLine(words, line, LineKind.FEE, period, subscription)
        for words, line in items
    )
    draft = Draft(subscription.customer, kind, plan.currency, lines, clock.now(), plan)
    return issue(draft)
