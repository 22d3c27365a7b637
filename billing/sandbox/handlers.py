"""What follows from the sandbox's verbs."""

from __future__ import annotations

from billing.sandbox.events import ClockMoved
from billing.tasks import bill
from paybill_site.kernel.events import handles


@handles(ClockMoved)
def bill_at_once(event: ClockMoved, delivery_id: str) -> None:
    """Look for what is due now, instead of at the next minute."""
    bill()
