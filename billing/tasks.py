"""The biller: a sweep that finds what is due, and a task for each subscription.

A message carries an id at most; run twice, late or not at all, nothing is billed
twice and the next sweep finds what was missed.
"""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from billing import agenda, clock
from billing.actions.biller import ACTION_FOR, BILLER
from billing.errors import NotDue
from billing.models import Subscription
from paybill_site.kernel.actions import perform

log = logging.getLogger(__name__)

BATCH = 500
# One subscription's steps in one go: more than three years of months; a broken one
# is left to the next sweep instead of holding a worker.
MOST_STEPS = 40


@shared_task(name="billing.bill")
def bill() -> int:
    """Send a message for each subscription that is due; return how many there were."""
    due = Subscription.objects.filter(next_at__lte=clock.now()).order_by("next_at")
    found = list(due.values_list("public_id", flat=True)[:BATCH])
    for public_id in found:
        try:
            bill_one.delay(public_id)
        except OperationalError:
            log.warning("no broker: the next sweep will find what is due")
            break
    return len(found)


@shared_task(name="billing.bill_one")
def bill_one(public_id: str) -> int:
    """Do everything that is due for one subscription; return the number of steps."""
    for done in range(MOST_STEPS):
        subscription = Subscription.objects.get(public_id=public_id)
        entries = agenda.upcoming(subscription)
        if not entries or entries[0][0] > clock.now():
            return done
        try:
            perform(ACTION_FOR[entries[0][1]], subscription, actor=BILLER)
        except NotDue:  # somebody else was faster
            return done
    return MOST_STEPS
