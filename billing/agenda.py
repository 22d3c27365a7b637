"""What is due for a subscription, and when: the one answer to "what next?".

``next_at`` on the row repeats the earliest moment, so that the biller finds its work
by an index. Everything here follows from rows; a lost message loses nothing.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from billing import dunning, invoicing
from billing.models import Invoice, Subscription
from billing.states import RUNNING, InvoiceKind, InvoiceState, SubscriptionState


class Due(StrEnum):
    """Kinds of work, in the order in which they are done when due together."""

    EXPIRE = "expire"
    RENEW = "renew"
    DUN = "dun"


type Entry = tuple[datetime, Due]


def upcoming(subscription: Subscription) -> list[Entry]:
    """All that will be due if nobody does anything, earliest first."""
    if subscription.state == SubscriptionState.CANCELLED:
        return []
    entries = [(moment, Due.EXPIRE) for moment in _expiries(subscription)]
    if subscription.state in RUNNING:
        entries.append((subscription.period_end, Due.RENEW))
    step = dunning.next_step(subscription.state)
    unpaid = overdue_first(subscription)
    if step is not None and unpaid is not None and unpaid.due_at is not None:
        entries.append((unpaid.due_at + step.after, Due.DUN))
    order = list(Due)
    return sorted(entries, key=lambda entry: (entry[0], order.index(entry[1])))


def overdue_first(subscription: Subscription) -> Invoice | None:
    """The renewal that is unpaid for longest; only renewals are dunned."""
    unpaid = invoicing.open_invoices(subscription, InvoiceKind.RENEWAL)
    return unpaid[0] if unpaid else None


def owes(subscription: Subscription, now: datetime) -> bool:
    """Tell whether a renewal is unpaid beyond its due date."""
    return subscription.invoices.filter(
        state=InvoiceState.OPEN, kind=InvoiceKind.RENEWAL, due_at__lte=now
    ).exists()


def _expiries(subscription: Subscription) -> list[datetime]:
    """When an offer lapses: a first payment or one for a change that never came."""
    offers = invoicing.open_invoices(
        subscription, InvoiceKind.START, InvoiceKind.CHANGE
    )
    return [offer.due_at for offer in offers if offer.due_at and not offer.paid]


def reschedule(subscription: Subscription) -> None:
    """Save the row with the moment at which the biller looks at it again."""
    entries = upcoming(subscription)
    subscription.next_at = entries[0][0] if entries else None
    subscription.save()
