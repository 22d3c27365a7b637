"""One table of events, unique by tenant, source and id."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """An event as it is sent. Tenant and meter are text: no look-up is asked of it."""

    tenant = models.CharField(max_length=40)
    meter = models.CharField(max_length=40)
    source = models.CharField(max_length=60)
    name = models.CharField(max_length=100)
    at = models.DateTimeField()
    value = models.DecimalField(max_digits=30, decimal_places=12)
    properties = models.JSONField()

    class Meta:
        app_label = "plain"
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source", "name"], name="event_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "meter", "at"])]

    def __str__(self) -> str:
        return self.name
