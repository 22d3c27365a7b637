"""Runs of workflows: durable, resumed where they stopped."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from agents.models.agents import Agent
from agents.models.own import OwnRowsManager
from agents.states import RunStatus, StepStatus
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class WorkflowRun(models.Model):
    """One run of a declared workflow on one row."""

    public_id = PublicId("wfr")
    workflow = models.CharField(max_length=100)
    version = models.CharField(max_length=64, help_text="digest of the declaration")
    subject = models.CharField(max_length=120, help_text="storefront.order:ord_...")
    state = models.CharField(max_length=40, help_text="state of the declaration")
    status = models.CharField(
        max_length=12, choices=RunStatus.choices, default=RunStatus.ACTIVE
    )
    agent = models.ForeignKey(
        Agent, on_delete=models.PROTECT, null=True, related_name="workflow_runs"
    )
    started_by = models.CharField(max_length=80)
    behalf = models.CharField(
        max_length=80, blank=True, help_text="the person for whom the agent acts"
    )
    standing = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
        help_text="digest of the session and the person it was asked under",
    )
    data = models.JSONField(default=dict, help_text="what steps gave, by their names")
    taken = models.PositiveIntegerField(default=0, help_text="how many steps")
    why = models.CharField(max_length=300, blank=True, help_text="why it ended so")
    deadline_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OwnRowsManager()

    class Meta:
        verbose_name = "workflow run"
        ordering = ["-id"]
        permissions = [
            ("cancel_workflowrun", "Can cancel workflow run"),
            ("retry_workflowrun", "Can retry the compensation of a workflow run"),
            ("undo_workflowrun", "Can compensate a workflow run"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["workflow", "subject"],
                condition=Q(status__in=["active", "waiting", "compensating"]),
                name="one_open_run_per_subject",
            )
        ]
        indexes = [
            models.Index(
                fields=["deadline_at"],
                condition=Q(status__in=["active", "waiting"]),
                name="workflow_run_due",
            ),
            models.Index(fields=["subject"], name="workflow_run_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.workflow} {self.public_id[-6:]}"


class WorkflowStep(models.Model):
    """One step of a run: taken once, under its own idempotency key."""

    public_id = PublicId("wfs")
    run = models.ForeignKey(WorkflowRun, on_delete=models.CASCADE, related_name="steps")
    seq = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    status = models.CharField(
        max_length=12, choices=StepStatus.choices, default=StepStatus.DONE
    )
    key = models.CharField(max_length=200, help_text="idempotency key of its effect")
    target = models.CharField(max_length=120, help_text="what the effect was on")
    old = models.CharField(max_length=40, help_text="state of the run before")
    new = models.CharField(max_length=40, help_text="state of the run after")
    by = models.CharField(max_length=80)
    output = models.JSONField(default=dict)
    at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = VisibleManager()

    class Meta:
        ordering = ["run", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["run", "seq"], name="one_step_per_seq"),
            models.UniqueConstraint(fields=["key"], name="workflow_step_key_once"),
        ]

    def __str__(self) -> str:
        return self.name
