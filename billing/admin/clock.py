"""The time machine, in embedded mode only."""

from __future__ import annotations

from django.conf import settings

from billing.models import ClockOffset
from paybill_site.kernel.admin import VerbAdmin, operators

if settings.PAYBILL_EMBEDDED:
    from billing.sandbox.actions import MoveClock

    @operators.register(ClockOffset)
    class ClockAdmin(VerbAdmin[ClockOffset]):
        """How far billing's clock is ahead; add to it to move it on."""

        list_display = ("name", "offset")
        creator = MoveClock
