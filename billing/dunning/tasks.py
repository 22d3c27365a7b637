"""The sweep that finds what is unpaid beyond its day, and what is to be tried again.

A message carries an id at most; run twice, late or not at all, no step is taken twice
and the next sweep finds what was missed.
"""

from __future__ import annotations

import logging
from datetime import datetime

from celery import shared_task
from django.core.cache import cache
from django.db.models import Exists, OuterRef, Q, QuerySet
from kombu.exceptions import OperationalError

from billing import clock
from billing.actions.dunning import DUNNER, RetryPayment, TakeDunningStep
from billing.dunning.owing import DUNNED
from billing.errors import NotDue
from billing.models import Customer, DunningCase, Invoice, PaymentRetry
from billing.states import CaseState, InvoiceState
from paybill_site.kernel.actions import perform

log = logging.getLogger(__name__)

BATCH = 500
# Up to which customer the run before came; forgotten, the next one begins anew.
SEEN = "dunning-seen"
# Steps of one customer in one go; a schedule has twenty at most.
MOST_STEPS = 40


def waiting() -> QuerySet[Customer]:
    """Customers with a step to take or to look for, and those with a retry due."""
    now = clock.now()
    mine = OuterRef("pk")
    cases = DunningCase.objects.filter(customer=mine, state=CaseState.OPEN)
    overdue = Invoice.objects.filter(
        customer=mine, state=InvoiceState.OPEN, kind__in=DUNNED, due_at__lte=now
    )
    again = PaymentRetry.objects.filter(invoice__customer=mine, next_at__lte=now)
    fresh = Q(Exists(overdue), ~Exists(cases), dunning_exempt=False)
    due = Q(Exists(cases.filter(next_at__lte=now))) | Q(Exists(again))
    return Customer.objects.filter(fresh | due)


@shared_task(name="billing.dun")
def dun() -> int:
    """Send a message for each customer that owes; return how many there were.

    A run goes on where the one before stopped: whoever is looked at in vain, for what
    is too small to be charged, keeps nobody else from being found.
    """
    rows = waiting().filter(pk__gt=cache.get(SEEN, 0)).order_by("pk")
    found = list(rows.values_list("pk", "public_id")[:BATCH])
    cache.set(SEEN, found[-1][0] if len(found) == BATCH else 0, timeout=None)
    for _, public_id in found:
        try:
            dun_one.delay(public_id)
        except OperationalError:
            log.warning("no broker: the next sweep will find who owes")
            break
    return len(found)


@shared_task(name="billing.dun_one")
def dun_one(customer: str) -> int:
    """Do everything that is due for one customer; return the number of steps."""
    done = _tried_again(customer)
    for _ in range(MOST_STEPS):
        try:
            perform(TakeDunningStep, customer, actor=DUNNER)
        except NotDue:
            break
        done += 1
    return done


def _tried_again(customer: str) -> int:
    rows = PaymentRetry.objects.filter(
        invoice__customer__public_id=customer, next_at__lte=clock.now()
    )
    done = 0
    for public_id in list(rows.values_list("public_id", flat=True)):
        try:
            perform(RetryPayment, customer, {"retry": public_id}, actor=DUNNER)
        except NotDue:  # somebody else was faster
            continue
        done += 1
    return done


def earliest(after: datetime | None) -> datetime | None:
    """The next moment at which there may be something to do, for a clock that moves."""
    open_cases = DunningCase.objects.filter(state=CaseState.OPEN)
    open_invoices = Invoice.objects.filter(state=InvoiceState.OPEN, kind__in=DUNNED)
    known = (
        open_cases.values_list("next_at", flat=True),
        PaymentRetry.objects.values_list("next_at", flat=True),
        open_invoices.values_list("due_at", flat=True),
    )
    found = {moment for rows in known for moment in rows if moment is not None}
    return min((m for m in found if after is None or m > after), default=None)
