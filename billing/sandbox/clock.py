"""The time machine of operators, in embedded mode only."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from pydantic import Field

from billing.models import ClockOffset
from billing.sandbox.events import ClockMoved
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import emit


class ForwardInput(Input):
    days: int = Field(ge=1, le=800, description="how far to go forward")


class MoveClock(Action[None, ForwardInput, ClockOffset]):
    """Move the clock of billing forward; it never goes back."""

    model = ClockOffset
    Input = ForwardInput
    permission = "billing.move_clock"
    danger = Danger.CAREFUL
    creates = True

    def run(self, target: None, data: ForwardInput, *, actor: Actor) -> ClockOffset:
        row, _ = ClockOffset.objects.get_or_create(name="billing")
        ClockOffset.objects.filter(pk=row.pk).update(
            offset=F("offset") + timedelta(days=data.days)
        )
        row.refresh_from_db()
        emit(ClockMoved(days=data.days))
        return row
