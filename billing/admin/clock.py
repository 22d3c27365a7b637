"""The time machine, in embedded mode only."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.utils.safestring import SafeString

from billing import clock
from billing.admin.rows import foretold
from billing.engine import foretelling
from billing.models import ClockOffset
from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import when

AHEAD = timedelta(days=62)

if settings.PAYBILL_EMBEDDED:
    from billing.sandbox.actions import MoveClock

    @operators.register(ClockOffset)
    class ClockAdmin(VerbAdmin[ClockOffset]):
        """How far billing's clock is ahead; add to it to move it on.

        Each moment that is passed over gets its own time: periods, invoices, reminders.
        """

        list_display = ("name", "offset", "now")
        readonly_fields = ("now", "ahead")
        creator = MoveClock

        @admin.display(description="Billing's time")
        def now(self, obj: ClockOffset) -> SafeString:
            return when(clock.now())

        @admin.display(description="What will happen, if everything is paid")
        def ahead(self, obj: ClockOffset) -> SafeString:
            return foretold(foretelling.of_everybody(clock.now() + AHEAD))
