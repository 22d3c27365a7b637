"""Wake-ups for webhooks: a message of the broker says only that something is due.

Each attempt is a task of its own on the queue ``hooks``, whose worker has many threads
that do little but wait. What is due stands in Postgres: a sweep finds it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from paybill_site.kernel import planes
from tenants.hooks import queue, sending
from tenants.models import WebhookEndpoint, WebhookMessage
from tenants.states import EndpointState, MessageState

log = logging.getLogger(__name__)

QUEUE, EXPIRES = "hooks", 30.0  # seconds: the sweep says it again
AT_ONCE = 50
KEPT = timedelta(days=30)
BATCH = 1000


@shared_task(name="tenants.send_hook")
def send_hook() -> bool:
    """Make one attempt, and ask for another where more is due."""
    sent = sending.send_next()
    if sent and queue.due():
        wake()
    return sent


@shared_task(name="tenants.sweep_hooks")
def sweep_hooks() -> int:
    """Wake a thread for each message that is due; return how many."""
    count = min(queue.due(), AT_ONCE)
    wake(count)
    return count


def wake(count: int = 1) -> None:
    """Ask for so many attempts; without a broker the sweep does."""
    try:
        for _ in range(count):
            send_hook.apply_async(queue=QUEUE, expires=EXPIRES)
    except OperationalError:
        log.warning("no broker: the sweep will find the webhooks")


@shared_task(name="tenants.forget_hooks")
def forget_hooks() -> int:
    """Delete messages that were settled long ago, with their attempts."""
    old = WebhookMessage.objects.filter(settled_at__lt=timezone.now() - KEPT)
    old = old.exclude(state=MessageState.PENDING)
    rows = 0
    while chosen := list(old.values_list("pk", flat=True)[:BATCH]):
        with planes.atomic():
            rows += WebhookMessage.objects.filter(pk__in=chosen).delete()[0]
    removed = WebhookEndpoint.objects.filter(state=EndpointState.REMOVED, messages=None)
    return rows + removed.delete()[0]
