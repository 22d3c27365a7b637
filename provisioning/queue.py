"""Which run is next. The queue is the table of runs; a message only wakes a worker.

1. What a runner left unfinished goes first: it is nearly done.
2. Applies before plans: a confirmed plan goes stale while it waits.
3. Fair across tenants: who has had the fewest runs in the last hour goes first.
4. Among equals the oldest.
A worker reserves a run while its runner starts, so that two workers that are woken at
once take two runs. The runner then claims it; of several, one wins.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from provisioning.models import Run
from provisioning.states import CLAIMABLE, HELD, RunState

RECENT = timedelta(hours=1)
STARTING = timedelta(seconds=30)  # longest time from a worker to its runner's claim


def reserve() -> tuple[str, str] | None:
    """Take the next run for a runner that is about to start: run id, reservation.

    It is a lease like any other, so it ends by itself when the runner does not come.
    """
    name = f"starting {secrets.token_hex(8)}"
    for run in claimable()[:20]:
        free = Q(lease_until=None) | Q(lease_until__lte=timezone.now())
        same = Run.objects.filter(free, pk=run.pk, state=run.state)
        if same.update(holder=name, lease_until=timezone.now() + STARTING):
            return run.public_id, name
    return None


def claimable() -> QuerySet[Run]:
    """Runs that nobody works on and a runner may take up, the next one first."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    recent = Q(deployment__tenant__deployments__runs__queued_at__gte=now - RECENT)
    order = Case(
        When(state=RunState.FINISHING, then=Value(0)),
        When(state=RunState.CONFIRMED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    waiting = Run.objects.filter(free, state__in=CLAIMABLE)
    counted = waiting.annotate(
        rank=order,
        share=Count(
            "deployment__tenant__deployments__runs", filter=recent, distinct=True
        ),
    )
    return counted.order_by("rank", "share", "id")


def abandoned() -> QuerySet[Run]:
    """Runs whose runner did not renew its lease."""
    return Run.objects.filter(state__in=HELD, lease_until__lte=timezone.now())
