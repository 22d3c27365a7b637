"""Revenue is spread over months by a sweep, so that the biller has nothing to do."""

from __future__ import annotations

from celery import shared_task

from billing.reports import recognition

# A batch is a second's work; what is left waits for the next sweep.
MOST = 100


@shared_task(name="billing.recognise")
def recognise() -> int:
    """Write the parts of all lines that have none; return of how many lines."""
    done = 0
    for _ in range(MOST):
        found = recognition.recognise()
        done += found
        if found < recognition.BATCH:
            break
    return done
