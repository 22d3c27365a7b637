"""Runs of workflows for the programs of people."""

from __future__ import annotations

from agents.models import WorkflowRun, WorkflowStep
from paybill_site.kernel.rest import Row, Things


class WorkflowStepSerializer(Row[WorkflowStep]):
    class Meta:
        model = WorkflowStep
        fields = ("id", "seq", "name", "status", "old", "new", "by", "target", "at")


class WorkflowRunSerializer(Row[WorkflowRun]):
    steps = WorkflowStepSerializer(many=True, read_only=True)

    class Meta:
        model = WorkflowRun
        fields = (
            "id",
            "workflow",
            "version",
            "subject",
            "state",
            "status",
            "agent",
            "started_by",
            "behalf",
            "why",
            "deadline_at",
            "created_at",
            "ended_at",
            "steps",
        )


class RunViews(Things):
    queryset = WorkflowRun.objects.select_related("agent").prefetch_related("steps")
    serializer_class = WorkflowRunSerializer
