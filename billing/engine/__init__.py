"""Works out what is due for a customer, from loaded rows and without writing any.

``steps`` is the heart; ``writing`` is what the biller does with its results.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from billing import clock
from billing.drafts import Draft
from billing.engine import accounts, steps
from billing.engine.steps import Step
from billing.models import Customer
from billing.states import SubscriptionState

__all__ = ["Step", "ahead", "next_draft", "on"]

MOST_STEPS = 10_000


def ahead(customer: Customer, until: datetime) -> Iterator[Step]:
    """Everything that will happen up to a moment if nobody does anything but pay."""
    [account] = accounts.load([customer])
    for _ in range(MOST_STEPS):
        late = clock.now() if steps.only_late(account) else None
        moment = steps.next_moment(account) or late
        if moment is None or moment > until:
            return
        [step] = steps.take([(account, moment)])
        yield step
        for held in account.held:
            if held.state == SubscriptionState.INCOMPLETE:
                held.state = SubscriptionState.ACTIVE


def next_draft(customer: Customer, until: datetime) -> Draft | None:
    """The next invoice, if one is due by then. Nothing is written."""
    drafts = (draft for step in ahead(customer, until) for draft in step.drafts)
    return next(drafts, None)


def on(customer: Customer, moment: datetime) -> list[Draft]:
    """The invoices of the last day by then on which there are any."""
    found: list[Draft] = []
    for step in ahead(customer, moment):
        found = list(step.drafts) or found
    return found
