"""One pass of the biller over customers that are due: each does its earliest work.

Billing is done for all of them together, offers that lapsed are one by one. Who has
more to do stays due, and the next pass finds it. Only inside an action; the customers'
rows are locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from billing import agenda, lifecycle
from billing.agenda import Due, Entry
from billing.engine import accounts, steps, writing
from billing.engine.accounts import Account, Held
from billing.errors import NotDue
from billing.models import Customer, Invoice, Subscription
from paybill_site.kernel import audit


@dataclass(frozen=True, slots=True)
class Billed:
    """What a pass did: for how many customers, and the invoices that it made."""

    customers: int
    invoices: tuple[Invoice, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over customer, number and total of every invoice, in order."""
        rows = [[i.customer_id, i.number, i.currency, i.total] for i in self.invoices]
        return audit.digest_of(rows)


type _Work = tuple[Account, Held, Entry]


def bill(customers: Sequence[Customer], now: datetime) -> Billed:
    """Do the earliest work of each customer that is due by now."""
    loaded = accounts.load(customers)
    owed = agenda.unpaid([held.row for account in loaded for held in account.held])
    work = [found for account in loaded if (found := _earliest(account, owed, now))]
    for _, held, (_, kind) in work:
        if kind is Due.EXPIRE:
            _expire(held.row)
    due = [(account, at) for account, _, (at, kind) in work if kind is Due.BILL]
    busy = {id(account) for account, _, _ in work}
    idle = [account for account in loaded if id(account) not in busy]
    late = [account for account in idle if steps.only_late(account)]
    due += [(account, now) for account in late]
    invoices = writing.write(steps.take(due)) if due else []
    idle = [account for account in idle if not account.mended]
    if idle:  # something else was done meanwhile
        agenda.reschedule_all(idle)
    return Billed(len(work) + len(late), tuple(invoices))


def _earliest(account: Account, owed: agenda.Unpaid, now: datetime) -> _Work | None:
    found = [
        (entry, number, held)
        for number, held in enumerate(account.held)
        for entry in agenda.entries(held, owed.get(held.row.pk, ()))[:1]
        if entry[0] <= now
    ]
    if not found:
        return None
    entry, _, held = min(found, key=lambda one: (agenda.order(one[0]), one[1]))
    return account, held, entry


def _expire(subscription: Subscription) -> None:
    try:
        lifecycle.expire(subscription)
    except NotDue:
        agenda.reschedule(subscription)
