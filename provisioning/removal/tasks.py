"""Wake-ups for removals; the table of removals says what is to be done."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from provisioning.removal import driving

log = logging.getLogger(__name__)

AT_ONCE = 20  # in one sweep; the next one takes those that waited longest


@shared_task(name="provisioning.remove")
def remove(removal: str) -> str:
    """Take a removal as far as it goes now; returns its state."""
    return driving.go_on(removal)


@shared_task(name="provisioning.sweep_removals")
def sweep_removals() -> int:
    """Look at every removal that may have a step to take: messages get lost."""
    found = list(driving.waiting().values_list("public_id", flat=True)[:AT_ONCE])
    for removal in found:
        wake(removal)
    return len(found)


def wake(removal: str) -> None:
    """Ask a worker to look; without a broker the sweep does."""
    try:
        remove.apply_async((removal,))
    except OperationalError:
        log.warning("no broker: the next sweep finds the removal")
