"""What happens to the books every night: credit expires, and all is compared."""

from __future__ import annotations

from celery import shared_task

from billing import clock
from billing.actions.books import CheckBooks
from billing.actions.credits import BOOKKEEPER, ExpireCredit, LapsePurchase
from billing.models import Customer, Invoice
from billing.states import InvoiceKind, InvoiceState
from paybill_site.kernel.actions import perform


@shared_task(name="billing.close_day")
def close_day() -> int:
    """Let lapse what is over, then check; return how much does not agree."""
    due = Customer.objects.filter(
        grants__left__gt=0, grants__expires_at__lte=clock.now()
    )
    for public_id in due.distinct().values_list("public_id", flat=True):
        perform(ExpireCredit, public_id, actor=BOOKKEEPER)
    offers = Invoice.objects.filter(
        kind=InvoiceKind.PREPAID, state=InvoiceState.OPEN, due_at__lte=clock.now()
    )
    for public_id in offers.filter(paid=0).values_list("public_id", flat=True):
        perform(LapsePurchase, public_id, actor=BOOKKEEPER)
    return len(perform(CheckBooks, None, actor=BOOKKEEPER).result.differences)
