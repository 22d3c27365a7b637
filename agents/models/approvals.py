"""What waits for a person's yes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.agents import Agent
from agents.models.workflows import WorkflowRun
from agents.states import ApprovalState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class Approval(models.Model):
    """A call that may happen once a person said yes, exactly as it was shown.

    ``digest`` is taken of tool, arguments, target versions and dry-run result; when it
    is another one at the time of use, the approval is void.
    """

    public_id = PublicId("apr")
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, related_name="approvals"
    )
    run = models.ForeignKey(
        WorkflowRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approvals",
    )
    step = models.CharField(max_length=60, blank=True)
    tool = models.CharField(max_length=100)
    target = models.CharField(max_length=120, blank=True)
    arguments = models.JSONField(default=dict)
    key = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    shown = models.JSONField(
        default=dict, help_text="versions, changes and events of the dry run"
    )
    state = models.CharField(
        max_length=10, choices=ApprovalState.choices, default=ApprovalState.WAITING
    )
    asked_by = models.CharField(max_length=80)
    asked_for = models.CharField(
        max_length=80, blank=True, help_text="the person behind the agent"
    )
    why = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["digest", "asked_by"],
                condition=Q(state__in=["waiting", "approved"]),
                name="one_open_approval",
            )
        ]
        permissions = [
            ("decide_approval", "Can approve what agents ask for"),
            ("revoke_approval", "Can take an approval back"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.public_id[-6:]}"
