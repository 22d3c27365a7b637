"""The biller: finds who is due by an index, and bills batch after batch.

A message carries nothing; run twice, late or not at all, nothing is billed twice and
the next run finds what was missed. Several workers share the batches among them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from celery import shared_task
from django.conf import settings

from billing import clock
from billing.actions.biller import BATCH, BILLER, BillBatch, BillCustomer, ParkCustomer
from billing.dunning import tasks as dunning
from billing.errors import NotDue
from billing.models import Customer, Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Conflict
from paybill_site.kernel.redaction import redact

log = logging.getLogger(__name__)

# In one go: 250,000 customers; whoever is left is found a minute later.
MOST_BATCHES = 1_000
# One customer's steps in one go: more than three years of months; a broken one is
# left to the next run instead of holding a worker.
MOST_STEPS = 40


@shared_task(name="billing.bill")
def bill() -> int:
    """Bill everybody who is due; return for how many times somebody was.

    Where the clock was moved, each moment that was passed over gets its own time, and
    what follows from unpaid invoices comes in between.
    """
    if not settings.PAYBILL_EMBEDDED:
        return bill_everybody()
    return sum(_live_through(moment) for moment in _moments())


def _moments() -> Iterator[datetime]:
    now, last = clock.now(), None
    while True:
        known = (_earliest(), dunning.earliest(after=last))
        coming = min((moment for moment in known if moment), default=now)
        if coming >= now or coming == last:  # the same again: somebody else is at it
            break
        yield coming
        last = coming
    yield now


def _earliest() -> datetime | None:
    waiting = Customer.objects.filter(next_at__isnull=False, parked_at=None)
    return waiting.order_by("next_at").values_list("next_at", flat=True).first()


def _live_through(moment: datetime) -> int:
    with clock.at(moment):
        billed = bill_everybody()
        for customer in dunning.waiting():
            dunning.dun_one(customer.public_id)
        return billed


def bill_everybody() -> int:
    """Bill who is due by now, batch after batch; return for how many times."""
    return sum(_batches())


def _batches() -> Iterator[int]:
    for _ in range(MOST_BATCHES):
        billed = _batch()
        yield billed
        if not billed:
            break


def _batch() -> int:
    try:
        return int(perform(BillBatch, actor=BILLER).output["customers"])
    except Exception:  # whatever it was, it stops one customer alone
        log.exception("a batch could not be billed: now its customers one by one")
    due = Customer.objects.filter(next_at__lte=clock.now(), parked_at=None)
    keys = due.order_by("next_at", "pk").values_list("public_id", flat=True)[:BATCH]
    return sum(_bill_or_park(key) for key in list(keys))


def _bill_or_park(public_id: str) -> bool:
    try:
        perform(BillCustomer, public_id, actor=BILLER)
    except (NotDue, Conflict):  # somebody else was faster, or is at it
        return False
    except Exception as error:  # noqa: BLE001 - see above
        _park(public_id, error)
    return True


def _park(public_id: str, error: Exception) -> None:
    log.exception("%s could not be billed and is left alone", public_id)
    why = redact(f"{type(error).__name__}: {error}")[:2_000]
    perform(ParkCustomer, public_id, {"why": why}, actor=BILLER)


@shared_task(name="billing.bill_one")
def bill_one(public_id: str) -> int:
    """Do everything that is due for the customer of one subscription, or of none.

    Returns the number of steps.
    """
    customer = Subscription.objects.get(public_id=public_id).customer
    for done in range(MOST_STEPS):
        customer.refresh_from_db(fields=["next_at"])
        if customer.next_at is None or customer.next_at > clock.now():
            return done
        perform(BillCustomer, customer, actor=BILLER)
    return MOST_STEPS
