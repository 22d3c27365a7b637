"""Wake-ups for usage. What is due stands in Postgres; a message says nothing."""

from __future__ import annotations

from celery import shared_task

from billing import clock
from billing.usage import lateness, retention, rollups


@shared_task(name="billing.roll_up_usage")
def roll_up_usage() -> int:
    """Add what came in to the roll-ups; return how many batches.

    Who has late usage on an invoice, and none to come, is billed by the next run.
    """
    done = rollups.sweep()
    lateness.wake()
    return done


@shared_task(name="billing.keep_usage")
def keep_usage() -> int:
    """Make the months to come, let old ones go; return how many went."""
    retention.prepare(clock.now())
    return len(retention.forget())
