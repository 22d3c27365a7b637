"""What will happen if nobody does anything but pay, in words, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from billing import engine
from billing.drafts import Draft
from billing.engine.steps import Step
from billing.models import Customer, Subscription
from billing.rating import money

MOST_CUSTOMERS, MOST_ENTRIES = 25, 40


@dataclass(frozen=True, slots=True)
class Foretold:
    """One thing that will happen, to whom and when."""

    at: datetime
    customer: Customer
    words: str


def of_customer(customer: Customer, until: datetime) -> list[Foretold]:
    """Invoices and moves of one customer up to a moment, earliest first."""
    found = _told(customer, until)
    return list(islice(found, MOST_ENTRIES))


def of_everybody(until: datetime) -> list[Foretold]:
    """The same of those customers to whom something happens first."""
    rows = Customer.objects.filter(next_at__lte=until, parked_at=None)
    first = rows.select_related("account").order_by("next_at")[:MOST_CUSTOMERS]
    told = [entry for customer in first for entry in of_customer(customer, until)]
    return sorted(told, key=lambda entry: entry.at)[:MOST_ENTRIES]


def _told(customer: Customer, until: datetime) -> Iterator[Foretold]:
    known = {row.pk: row.state for row in customer.subscriptions.all()}
    for step in engine.ahead(customer, until):
        for words in [*_moves(step, known), *map(_invoice, step.drafts)]:
            yield Foretold(step.at, customer, words)


def _moves(step: Step, known: dict[int, str]) -> Iterator[str]:
    for held in step.account.held:
        if known.get(held.row.pk) != held.state:
            known[held.row.pk] = held.state
            shown = Subscription(state=held.state).get_state_display()
            yield f"{held.row} is {shown}: {held.reason}"


def _invoice(draft: Draft) -> str:
    things = "; ".join(line.description for line in draft.lines)
    return f"{money.text(draft.subtotal, draft.currency)} for {things}"
