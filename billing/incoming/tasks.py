"""What gateways told is forgotten after a while; what came of it stays."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from billing.models import IncomingEvent
from billing.states import IncomingState

# Longer than any gateway sends an event again; one that comes later is looked at anew,
# and looking twice does nothing.
KEPT = timedelta(days=90)
BATCH = 1000


@shared_task(name="billing.forget_incoming")
def forget_incoming() -> int:
    """Delete what was followed, or was not ours, long ago; return how many rows.

    What was never followed stays, for somebody to look at.
    """
    old = IncomingEvent.objects.filter(received_at__lt=timezone.now() - KEPT)
    old = old.exclude(state=IncomingState.STORED)
    rows = 0
    while chosen := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        rows += IncomingEvent.objects.filter(pk__in=chosen).delete()[0]
    return rows
