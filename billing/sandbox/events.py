"""What happened in the sandbox."""

from __future__ import annotations

from paybill_site.kernel.events import Event


class ClockMoved(Event):
    """Billing's clock is ahead of the present: something may have become due."""

    days: int
