"""For whom an agent acts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from agents.models.agents import Agent
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Delegation(models.Model):
    """A person lets an agent act for them: with their rights at most, for a time."""

    public_id = PublicId("dlg")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    task = models.CharField(max_length=300, help_text="what it is for")
    scopes = models.JSONField(default=list, help_text="permissions that may be used")
    client = models.CharField(
        max_length=200, blank=True, help_text="the assistant that was connected"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.agent} for {self.person}"
