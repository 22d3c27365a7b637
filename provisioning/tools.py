"""What agents may meet of infrastructure. What they may do stands with the actions."""

from __future__ import annotations

from paybill_site.kernel.declarations import ModelTools
from provisioning.models import Deployment, Run


class DeploymentTools(ModelTools):
    model = Deployment
    fields = ("tenant", "kind", "cloud", "region", "state", "created_at")
    filters = ("tenant", "kind", "cloud", "state")
    ordering = ("created_at",)


class RunTools(ModelTools):
    model = Run
    fields = (
        "deployment",
        "operation",
        "state",
        "attempt",
        "stack",
        "terraform_version",
        "explanation",
        "queued_at",
        "ended_at",
    )
    filters = (
        "deployment",
        "operation",
        "state",
        "state__in",
        "queued_at__gte",
        "queued_at__lt",
    )
    ordering = ("queued_at",)
    parts = {"phases": ("name", "state", "started_at", "ended_at")}
