"""For whom an agent acts."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from agents.models.agents import Agent
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import Visible

# What everybody may do with what acts for them, whatever their role is.
OWN = frozenset({"agents.view_delegation", "agents.end_delegation"})


class Delegations(Visible["Delegation"]):
    """People see and end their own, besides what their role lets them."""

    def permitted(self, actor: Actor, permission: str) -> Self:
        rows = super().permitted(actor, permission)
        own = permission in OWN and actor.in_scope(permission)
        if not own or actor.principal is None or actor.behalf is not None:
            return rows
        mine = Q(person=actor.principal) | Q(pk__in=rows.order_by().values("pk"))
        return self.filter(mine)


DelegationManager = models.Manager.from_queryset(Delegations)


class Delegation(models.Model):
    """A person lets an agent act for them: with their rights at most, for a time."""

    public_id = PublicId("dlg")
    agent = models.ForeignKey(
        Agent, on_delete=models.CASCADE, related_name="delegations"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="delegations"
    )
    task = models.CharField(max_length=300, help_text="what it is for")
    scopes = models.JSONField(default=list, help_text="permissions that may be used")
    client = models.CharField(
        max_length=200, blank=True, help_text="the assistant that was connected"
    )
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = DelegationManager()

    # The authorization code of a fresh consent. Never stored.
    code: str = ""

    class Meta:
        ordering = ["-id"]
        permissions = [("end_delegation", "Can end delegation")]

    def __str__(self) -> str:
        return f"{self.agent} for {self.person}"

    @property
    def status(self) -> str:
        """One of "ended", "expired" or "active"."""
        if self.revoked_at is not None:
            return "ended"
        return "active" if self.expires_at > timezone.now() else "expired"
