"""Payments that failed, tried again on the days that the schedule says.

A hard decline is not tried again: the bank said for good that this method will not do,
so the customer is asked for another one. With that it is tried at once, by
``billing.gateways``.
Only inside an action, on a locked customer.
"""

from __future__ import annotations

from datetime import datetime

from billing import clock, collecting
from billing.dunning import schedules
from billing.errors import NotDue
from billing.models import Customer, Invoice, PaymentRetry
from billing.rating import retries
from billing.states import InvoiceState

HARD = "the bank refused this method for good: another one is needed"
USED_UP = "all attempts failed"
SETTLED = "nothing is open any more"


def note_failure(invoice: Invoice, *, hard: bool) -> PaymentRetry:
    """Plan the attempts after a failure; another failure changes no plan.

    A hard decline stops them. One that comes after it is of another method, for which
    they are planned anew.
    """
    row, new = PaymentRetry.objects.get_or_create(
        invoice=invoice, defaults={"failed_at": clock.now(), "moments": []}
    )
    if hard:
        row.next_at, row.stopped = None, HARD
        row.save()
    elif new or row.stopped == HARD:
        row.failed_at, row.done = clock.now(), 0
        _plan(row, invoice.customer)
    return row


def again(row: PaymentRetry) -> PaymentRetry:
    """Try once more, if it is time; the day after is planned. Raises NotDue."""
    now = clock.now()
    if row.next_at is None or row.next_at > now:
        raise NotDue
    if row.invoice.state != InvoiceState.OPEN:
        row.next_at, row.stopped = None, SETTLED
        row.save()
        return row
    collecting.attempt(row.invoice)
    row.done += 1
    _look_ahead(row)
    return row


def _plan(row: PaymentRetry, customer: Customer) -> None:
    intervals = schedules.of(customer).rules.retries
    moments = retries.moments(row.failed_at, intervals, customer.zone)
    row.moments = [moment.isoformat() for moment in moments]
    _look_ahead(row)


def _look_ahead(row: PaymentRetry) -> None:
    left = row.moments[row.done :]
    row.next_at = datetime.fromisoformat(left[0]) if left else None
    row.stopped = "" if left else USED_UP
    row.save()
