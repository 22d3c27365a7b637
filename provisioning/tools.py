"""What agents may meet of infrastructure. What they may do stands with the actions.

Of a drift they are told where it is, not what the values are: those come from a
customer's cloud, and Terraform's marks of what is secret are not always complete.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from paybill_site.kernel.declarations import ModelTools
from provisioning.models import Deployment, Run


class DriftLine(BaseModel):
    """One attribute that was changed outside Terraform."""

    model_config = ConfigDict(extra="ignore")
    address: str = Field(description="of the resource, as Terraform names it")
    attribute: str = Field(description="its name; empty: the whole resource")
    since: str = Field(description="when it was first seen")


class Drift(BaseModel):
    """What the last look found; no lines: nothing."""

    model_config = ConfigDict(extra="ignore")
    lines: tuple[DriftLine, ...] = ()
    more: int = Field(0, ge=0, description="lines that are not listed")


class Counts(BaseModel):
    """How many resources a plan touches."""

    model_config = ConfigDict(extra="ignore")
    add: int = Field(0, ge=0)
    change: int = Field(0, ge=0)
    destroy: int = Field(0, ge=0)


class DeploymentTools(ModelTools):
    model = Deployment
    fields = (
        "tenant",
        "kind",
        "cloud",
        "region",
        "state",
        "frozen",
        "protected",
        "settled",
        "drift",
        "drift_seen_at",
        "created_at",
    )
    typed = {"drift": Drift}
    filters = (
        "tenant",
        "kind",
        "cloud",
        "state",
        "state__in",
        "settled",
        "drift_seen_at__gte",
        "drift_seen_at__lt",
    )
    ordering = ("created_at",)


class RunTools(ModelTools):
    model = Run
    fields = (
        "deployment",
        "operation",
        "state",
        "attempt",
        "needs_confirmation",
        "stack",
        "terraform_version",
        "changes",
        "explanation",
        "queued_at",
        "ended_at",
    )
    typed = {"changes": Counts}
    filters = (
        "deployment",
        "operation",
        "state",
        "state__in",
        "needs_confirmation",
        "queued_at__gte",
        "queued_at__lt",
    )
    ordering = ("queued_at",)
    parts = {"phases": ("name", "state", "started_at", "ended_at")}
