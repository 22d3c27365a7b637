"""Versions of plans whose day has come."""

from __future__ import annotations

from celery import shared_task

from billing import clock
from billing.actions.plans import StartSale
from billing.models import Plan
from billing.states import PlanState
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import Conflict, IllegalMove

KEEPER = actors.system("catalogue", "billing.start_sale", "billing.view_plan")


@shared_task(name="billing.start_sales")
def start_sales() -> int:
    """Put on sale what waited for now; return how many there were.

    Sales go by the day itself (``catalogue.sold``): this is what lists show.
    """
    waiting = Plan.objects.filter(
        state=PlanState.SCHEDULED, effective_from__lte=clock.now()
    )
    begun = 0
    for plan in waiting.order_by("effective_from", "version"):
        try:
            perform(StartSale, plan, actor=KEEPER)
        except (Conflict, IllegalMove):  # somebody else was faster
            continue
        begun += 1
    return begun
