"""The sweep: payments whose outcome is open are looked at until it is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db.models import QuerySet

from billing import clock
from billing.actions.methods import RecordMethod
from billing.actions.payments import GATEWAYS
from billing.gateways import asking
from billing.gateways.contract import Kept
from billing.models import Payment, PaymentMethod, Refund
from billing.states import MethodState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError

log = logging.getLogger(__name__)

BATCH = 200
# A page at the gateway can be filled in for a day.
LAPSE = timedelta(days=2)


@shared_task(name="billing.look_at_payments")
def look_at_payments() -> int:
    """Look at payments and refunds that are due to be; returns how many there were.

    A worker killed in the middle, a webhook that never came, a gateway that was away:
    whatever happened, the payment is found here.
    """
    looked = _each(Payment.objects.all(), asking.look)
    looked += _each(Refund.objects.all(), asking.give_back)
    _let_lapse()
    return looked


def _each(rows: QuerySet[Any], look: Callable[[str], None]) -> int:
    due = rows.filter(look_at__lte=clock.now()).order_by("look_at")
    found = list(due.values_list("public_id", flat=True)[:BATCH])
    for public_id in found:
        try:
            look(public_id)
        except PaybillError as error:  # the others do not wait for this one
            log.warning("%s can not be looked at: %s", public_id, error.detail)
    return len(found)


def _let_lapse() -> None:
    """Give up on methods that nobody filled in."""
    old = PaymentMethod.objects.filter(
        state=MethodState.PENDING, created_at__lt=clock.now() - LAPSE
    )
    lapsed = Kept(state=MethodState.FAILED, trouble="Nobody filled it in.")
    for method in old[:BATCH]:
        perform(RecordMethod, method, lapsed, actor=GATEWAYS)
