"""What agents of the control plane think should be done; people do it, or do not."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from agents.models.agents import Agent
from agents.states import ProposalState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Proposal(models.Model):
    """A verb with its object and input, as an agent would do it, and why.

    Nothing happens by it: who agrees does the verb, in their own name.
    """

    public_id = PublicId("prp")
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="proposals")
    behalf = models.CharField(
        max_length=80, blank=True, help_text="the person for whom the agent acts"
    )
    action = models.CharField(max_length=100)
    target = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict)
    why = models.CharField(max_length=500)
    state = models.CharField(
        max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN
    )
    created_at = models.DateTimeField(db_default=Now())
    decided_by = models.CharField(max_length=80, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [("decline_proposal", "Can decline what agents propose")]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "target"],
                condition=models.Q(state="open"),
                name="one_open_proposal",
            )
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target.rpartition(':')[2][-6:]}"
