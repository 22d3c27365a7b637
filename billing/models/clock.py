"""How far the clock of billing was moved; a row exists in embedded mode only."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class ClockOffset(models.Model):
    """Added to the present by ``billing.clock`` in embedded mode. There is one row."""

    public_id = PublicId("clk")
    name = models.CharField(max_length=20, unique=True, default="billing")
    offset = models.DurationField(default=timedelta)

    objects = VisibleManager()

    class Meta:
        permissions = [("move_clock", "Can move the clock of billing forward")]

    def __str__(self) -> str:
        return f"{self.name}: +{self.offset}"
