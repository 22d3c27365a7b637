"""The sweeps: what has an open outcome is looked at until that is known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db.models import F, QuerySet

from billing import clock
from billing.actions.methods import RecordMethod
from billing.actions.payments import GATEWAYS
from billing.gateways import asking
from billing.gateways.contract import Kept
from billing.models import Payment, PaymentMethod, Refund
from billing.rating import retries
from billing.states import MethodState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import NotFound, PaybillError

log = logging.getLogger(__name__)

BATCH = 200
# A page at the gateway can be filled in for a day.
FILLING, LAPSE = timedelta(hours=1), timedelta(days=2)


@shared_task(name="billing.look_at_payments")
def look_at_payments() -> int:
    """Look at payments and refunds that are due to be; returns how many there were.

    A worker killed in the middle, a webhook that never came, a gateway that was away:
    whatever happened, the payment is found here.
    """
    looked = _each(Payment.objects.all(), asking.look)
    looked += _each(Refund.objects.all(), _give_back)
    return looked


def _give_back(public_id: str) -> None:
    """Ask for a refund; put off first, as asking itself does with a payment."""
    _put_off(Refund.objects.get(public_id=public_id))
    asking.give_back(public_id)


def _each(rows: QuerySet[Any], look: Callable[[str], None]) -> int:
    due = rows.filter(look_at__lte=clock.now()).order_by("look_at")
    found = list(due.values_list("public_id", flat=True)[:BATCH])
    for public_id in found:
        if not _looked(look, public_id):
            _put_off(rows.get(public_id=public_id))
    return len(found)


def _looked(look: Callable[[str], None], public_id: str) -> bool:
    """Look; False when that failed, whatever it was: the others do not wait for it."""
    try:
        look(public_id)
    except PaybillError as error:
        log.warning("%s can not be looked at: %s", public_id, error.detail)
        return False
    except Exception:
        log.exception("%s can not be looked at", public_id)
        return False
    return True


def _put_off(row: Payment | Refund) -> None:
    """Look later, so that one that always fails is not the first of every run."""
    if row.look_at is not None and row.look_at <= clock.now():
        later = retries.next_look(clock.now(), row.looks)
        type(row)._base_manager.filter(pk=row.pk).update(
            look_at=later, looks=F("looks") + 1
        )


@shared_task(name="billing.look_at_methods")
def look_at_methods() -> int:
    """Look at methods that wait to be filled in; returns how many there were.

    One that was, while the webhook got lost and nobody came back, is found here. What
    nobody filled in lapses; while the gateway can not be asked, nothing does.
    """
    pending = PaymentMethod.objects.filter(state=MethodState.PENDING)
    begun = pending.filter(created_at__lt=clock.now() - FILLING)
    # In any order: where there are many, none waits for the same others each time.
    found = list(begun.order_by("?").values_list("public_id", flat=True)[:BATCH])
    looked = [public_id for public_id in found if _looked(_filled_in, public_id)]
    old = pending.filter(created_at__lt=clock.now() - LAPSE, public_id__in=looked)
    lapsed = Kept(state=MethodState.FAILED, trouble="Nobody filled it in.")
    for method in list(old):
        perform(RecordMethod, method, lapsed, actor=GATEWAYS)
    return len(found)


def _filled_in(public_id: str) -> None:
    """Ask what became of it; a page that is gone was not filled in."""
    with suppress(NotFound):
        asking.look_at_method(public_id)
