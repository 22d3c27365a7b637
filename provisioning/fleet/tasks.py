"""Wake-ups for rollouts; the table of rollouts says what is to be done."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import OperationalError

from provisioning.fleet import driving

log = logging.getLogger(__name__)


@shared_task(name="provisioning.roll_out")
def roll_out(rollout: str) -> str:
    """Take a rollout as far as it goes now; returns its state."""
    return driving.go_on(rollout)


@shared_task(name="provisioning.sweep_rollouts")
def sweep_rollouts() -> int:
    """Look at every open rollout: windows open, and messages get lost."""
    found = list(driving.open_ones().values_list("public_id", flat=True))
    for rollout in found:
        driving.go_on(rollout)
    return len(found)


def wake(rollout: str) -> None:
    """Ask a worker to look; without a broker the sweep does."""
    try:
        roll_out.apply_async((rollout,))
    except OperationalError:
        log.warning("no broker: the next sweep finds the rollout")
