"""What happens to the books every day: credit expires, and all is compared."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task

from billing import clock
from billing.actions.books import CheckBooks
from billing.actions.credits import BOOKKEEPER, ExpireCredit, LapsePurchase
from billing.models import BooksCheck, Customer, Invoice
from billing.states import InvoiceKind, InvoiceState
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.errors import PaybillError

log = logging.getLogger(__name__)

# Looked for every hour, so that a restart of the scheduler puts nothing off by a day.
DAILY = timedelta(hours=20)


@shared_task(name="billing.close_day")
def close_day() -> int:
    """Let lapse what is over; check, once a day; return how much does not agree."""
    due = Customer.objects.filter(
        grants__left__gt=0, grants__expires_at__lte=clock.now()
    )
    _each(ExpireCredit, due.distinct().values_list("public_id", flat=True))
    offers = Invoice.objects.filter(
        kind=InvoiceKind.PREPAID, state=InvoiceState.OPEN, due_at__lte=clock.now()
    )
    _each(LapsePurchase, offers.filter(paid=0).values_list("public_id", flat=True))
    return _checked()


def _each(action: AnyAction, rows: Any) -> None:
    for public_id in list(rows):
        try:
            perform(action, public_id, actor=BOOKKEEPER)
        except PaybillError as error:  # paid meanwhile, say; the others go on
            log.warning("%s of %s: %s", action.name, public_id, error.detail)
        except Exception:
            log.exception("%s of %s failed", action.name, public_id)


def _checked() -> int:
    last = BooksCheck.objects.order_by("-id").first()
    now = clock.now()
    if last is not None and last.at <= now < last.at + DAILY:
        return len(last.differences)
    return len(perform(CheckBooks, None, actor=BOOKKEEPER).result.differences)
