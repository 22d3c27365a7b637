"""What is due for a subscription, and when: the one answer to "what next?".

What follows when somebody does not pay stands in ``dunning``.

``next_at`` on the row repeats the earliest moment, and that of the customer the
earliest of its subscriptions, so that the biller finds its work by an index. Everything
here follows from rows; a lost message loses nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from django.db.models import Min, OuterRef, Subquery

from billing.dunning import owing
from billing.engine import accounts, rows, steps
from billing.engine.accounts import Account, Held
from billing.models import Customer, Invoice, InvoiceLine, Subscription
from billing.states import InvoiceKind, InvoiceState, SubscriptionState


class Due(StrEnum):
    """Kinds of work, in the order in which they are done when due together."""

    EXPIRE = "expire"
    BILL = "bill"


type Entry = tuple[datetime, Due]
type Unpaid = Mapping[int, Sequence[Invoice]]

ORDER = list(Due)
OFFERS = (InvoiceKind.START, InvoiceKind.CHANGE)


def upcoming(subscription: Subscription) -> list[Entry]:
    """All that will be due if nobody does anything, earliest first."""
    if subscription.state == SubscriptionState.CANCELLED:
        return []
    _, held = accounts.hold(subscription)
    return entries(held, unpaid([subscription]).get(subscription.pk, ()))


def entries(held: Held, invoices: Iterable[Invoice]) -> list[Entry]:
    """The same from what is loaded: the subscription, and what is unpaid of it."""
    if held.state == SubscriptionState.CANCELLED:
        return []
    found = [(each.due_at, Due.EXPIRE) for each in invoices if _lapses(each)]
    if (moment := steps.moment_of(held)) is not None:
        found.append((moment, Due.BILL))
    known = [(moment, kind) for moment, kind in found if moment is not None]
    return sorted(known, key=order)


def order(entry: Entry) -> tuple[datetime, int]:
    """Earlier first, and at one moment in the order of the kinds."""
    return entry[0], ORDER.index(entry[1])


def _lapses(invoice: Invoice) -> bool:
    """An offer that lapses: a first payment or one for a change that never came."""
    return invoice.kind in OFFERS and not invoice.paid


def unpaid(subscriptions: Iterable[Subscription]) -> dict[int, list[Invoice]]:
    """Open invoices with lines of each subscription, oldest due date first."""
    lines = InvoiceLine.objects.filter(
        invoice__state=InvoiceState.OPEN, subscription__in=list(subscriptions)
    )
    pairs = set(lines.values_list("subscription", "invoice"))
    invoices = Invoice.objects.in_bulk({invoice for _, invoice in pairs})
    found = defaultdict(list)
    for subscription, invoice in pairs:
        found[subscription].append(invoices[invoice])
    for several in found.values():
        several.sort(key=lambda invoice: (invoice.due_at, invoice.pk))
    return found


def overdue_first(subscription: Subscription) -> Invoice | None:
    """The renewal that is unpaid for longest; only renewals are dunned."""
    owed = unpaid([subscription]).get(subscription.pk, ())
    return next((invoice for invoice in owed if invoice.kind not in OFFERS), None)


def owes(subscription: Subscription, now: datetime) -> bool:
    """Tell whether something is unpaid beyond its day for which it is closed."""
    customer = subscription.customer
    if customer.dunning_exempt:
        return False
    concerned = owing.concerned(owing.overdue(customer, now))
    return concerned.filter(pk=subscription.pk).exists()


def reschedule(subscription: Subscription) -> None:
    """Save the row with the moment at which the biller looks at it again."""
    found = upcoming(subscription)
    subscription.next_at = found[0][0] if found else None
    subscription.save()
    earliest = (
        Subscription.objects.filter(customer=OuterRef("pk"))
        .values("customer")
        .values_list(Min("next_at"))
    )
    mine = Customer.objects.filter(pk=subscription.customer_id)
    mine.update(next_at=Subquery(earliest))


def reschedule_all(several: Sequence[Account]) -> None:
    """The same for many customers at once, as they are loaded."""
    held = [one for account in several for one in account.held]
    owed = unpaid([one.row for one in held])
    for one in held:
        if one.state != one.row.state:  # its invoice set something off
            found = upcoming(one.row)
        else:
            found = entries(one, owed.get(one.row.pk, ()))
        one.row.next_at = found[0][0] if found else None
    for account in several:
        moments = [one.row.next_at for one in account.held if one.row.next_at]
        account.customer.next_at = min(moments, default=None)
    rows.update([one.row for one in held], ["next_at"])
    rows.update([account.customer for account in several], ["next_at"])
