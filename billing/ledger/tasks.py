"""What happens to the books every night: credit expires, and all is compared."""

from __future__ import annotations

from celery import shared_task

from billing import clock
from billing.actions.books import CheckBooks
from billing.actions.credits import BOOKKEEPER, ExpireCredit
from billing.models import Customer
from paybill_site.kernel.actions import perform


@shared_task(name="billing.close_day")
def close_day() -> int:
    """Expire what was not used in time, then check; return how much does not agree."""
    due = Customer.objects.filter(
        grants__left__gt=0, grants__expires_at__lte=clock.now()
    )
    for public_id in due.distinct().values_list("public_id", flat=True):
        perform(ExpireCredit, public_id, actor=BOOKKEEPER)
    return len(perform(CheckBooks, None, actor=BOOKKEEPER).result.differences)
