"""How long is kept what runs leave behind, and what is never deleted.

Terraform saves its state every twenty seconds while it applies, and a state may have
64 MiB. Those in between show how one apply went, and are forgotten after a while. Kept
for good: the last state of every run, whatever was rescued, adopted, discarded or put
back by a person, and of each run everything but the words of its log.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.db.models import Exists, OuterRef
from django.utils import timezone

from paybill_site.kernel import planes
from provisioning.models import LogChunk, StateVersion
from provisioning.models.statefile import StateOrigin

BETWEEN, LOGS = timedelta(days=30), timedelta(days=365)
BATCH = 200


@shared_task(name="provisioning.forget")
def forget() -> int:
    """Delete what is older than it is kept for; return how many rows."""
    return _states(timezone.now() - BETWEEN) + _logs(timezone.now() - LOGS)


def _states(before: datetime) -> int:
    later = StateVersion.objects.filter(
        run=OuterRef("run"), serial__gt=OuterRef("serial"), origin=StateOrigin.SAVED
    )
    between = StateVersion.objects.filter(
        Exists(later), origin=StateOrigin.SAVED, created_at__lt=before
    )
    rows = 0
    while chosen := list(between.values_list("pk", flat=True)[:BATCH]):
        with planes.atomic():
            rows += StateVersion.objects.filter(pk__in=chosen).delete()[0]
    return rows


def _logs(before: datetime) -> int:
    old = LogChunk.objects.filter(run__ended_at__lt=before)
    rows = 0
    while chosen := list(old.values_list("pk", flat=True)[:BATCH]):
        with planes.atomic():
            rows += LogChunk.objects.filter(pk__in=chosen).delete()[0]
    return rows
