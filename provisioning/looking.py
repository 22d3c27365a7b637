"""Looks at what changed outside: a refresh-only plan a day for each deployment.

They are spread over the day, come last in the queue, one at a time, and end at once
when a run is queued (``actions.queueing``): a look never delays a run.
"""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from provisioning import drift
from provisioning.actions import QueueRun
from provisioning.states import Operation
from provisioning.system import PROVISIONING

log = logging.getLogger(__name__)

AT_ONCE, TRIED = 20, 100  # queued, and asked for, by one sweep


@shared_task(name="provisioning.look_around")
def look_around() -> int:
    """Queue a look at each deployment whose time of the day came; returns how many."""
    queued = 0
    for deployment, trigger in drift.due(timezone.now())[:TRIED]:
        asked = {"operation": Operation.REFRESH.value, "trigger": trigger}
        try:
            perform(QueueRun, deployment, asked, actor=PROVISIONING)
            queued += 1
        except PaybillError as refusal:
            log.info("%s is not looked at: %s", deployment, refusal.detail)
        if queued == AT_ONCE:
            break
    return queued
