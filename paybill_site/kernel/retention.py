"""What is settled is forgotten after a while: deliveries, and events without any.

The audit trail and the transitions stay. A key under which a handler acted goes with
its delivery, which never runs again; keys that callers chose are promises and stay.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from paybill_site.kernel import history, planes
from paybill_site.kernel.models import (
    Delivery,
    DeliveryState,
    IdempotencyKey,
    OutboxEvent,
)

KEPT = timedelta(days=30)
BATCH = 1000
SETTLED = (DeliveryState.DONE, DeliveryState.SKIPPED)


def forget(kept: timedelta = KEPT, batch: int = BATCH) -> int:
    """Delete what the entered plane settled before ``kept``; return how many rows.

    A transaction for each batch, so that nobody waits for long.
    """
    before, rows = timezone.now() - kept, 0
    for step in (_deliveries, _events, _history, *_steps):
        while deleted := step(before, batch):
            rows += deleted
    return rows


type Step = Callable[[datetime, int], int]
_steps: list[Step] = []


def forgetting(function: Step) -> Step:
    """Register what deletes an app's rows of before a moment, so many at a time.

    ``function(before, batch)`` returns how many it deleted, 0 when none are left.
    """
    _steps.append(function)
    return function


def _history(before: datetime, batch: int) -> int:
    # The notes of rows are the owner's: a function of its deletes them.
    return history.forget(timezone.now() - before, batch)


def _deliveries(before: datetime, batch: int) -> int:
    old = Delivery.objects.filter(state__in=SETTLED, settled_at__lt=before)
    chosen = list(old.order_by("pk")[:batch].values_list("pk", "public_id"))
    with planes.atomic():
        ids = [public_id for _, public_id in chosen]
        IdempotencyKey.objects.filter(key__in=ids).delete()
        return Delivery.objects.filter(pk__in=[pk for pk, _ in chosen]).delete()[0]


def _events(before: datetime, batch: int) -> int:
    old = OutboxEvent.objects.filter(at__lt=before, deliveries=None)
    chosen = list(old.order_by("pk")[:batch].values_list("pk", flat=True))
    with planes.atomic():
        return OutboxEvent.objects.filter(pk__in=chosen).delete()[0]
