"""What an agent meets of its own runs."""

from __future__ import annotations

from agents.models import WorkflowRun
from paybill_site.kernel import grants
from paybill_site.kernel.declarations import ModelTools


class RunTools(ModelTools):
    model = WorkflowRun
    fields = (
        "workflow",
        "subject",
        "state",
        "status",
        "why",
        "deadline_at",
        "created_at",
        "ended_at",
    )
    filters = ("workflow", "status", "status__in", "subject")
    parts = {"steps": ("seq", "name", "status", "at", "undone_at")}
    verbs = ("list", "get")


# By which the filter on an agent's own rows finds them.
grants.expose(WorkflowRun, ["agent", "behalf", "standing"])
