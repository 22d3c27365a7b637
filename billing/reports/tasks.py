"""What the reports need is written by sweeps, so that the biller has nothing to do."""

from __future__ import annotations

from celery import shared_task

from billing.actions.reporting import REPORTER, NoteRecurring
from billing.reports import movements, recognition
from paybill_site.kernel.actions import perform

# A batch is a second's work; what is left waits for the next sweep.
MOST = 100


@shared_task(name="billing.recognise")
def recognise() -> int:
    """Write the parts of all bookings that have none; return of how many."""
    done = 0
    for _ in range(MOST):
        found = recognition.recognise()
        done += found
        if found < recognition.BATCH:
            break
    return done


@shared_task(name="billing.note_recurring")
def note_recurring() -> int:
    """Write down phases that ended by themselves; return of how many customers."""
    found = movements.stale()
    for public_id in sorted(found):
        perform(NoteRecurring, public_id, actor=REPORTER)
    return len(found)
