"""Operators' view of deployments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.timesince import timesince

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from provisioning import actions
from provisioning.admin.tasks import task
from provisioning.models import Deployment

type Links = Iterable[tuple[str, models.Model | str | None]]


@operators.register(Deployment)
class DeploymentAdmin(VerbAdmin[Deployment]):
    """Infrastructure of tenants' own."""

    list_display = ("public_id", "tenant", "kind", "cloud", "state_badge", "frozen")
    list_filter = ("state", "kind", "cloud")
    list_select_related = ("tenant",)
    search_fields = ("public_id", "tenant__name", "tenant__public_id")
    readonly_fields = ("lock_holder",)
    verbs = (
        actions.QueueRun,
        actions.AdoptState,
        actions.DiscardState,
        actions.ThawDeployment,
        actions.ReleaseStateLock,
    )

    def related(self, obj: Deployment) -> Links:
        yield "tenant", obj.tenant
        for run in obj.runs.all()[:10]:
            yield f"{run} ({run.state})", run
        for version in obj.state_versions.all()[:5]:
            yield f"state {version.serial}", version

    @admin.display(description="State lock")
    def lock_holder(self, obj: Deployment) -> str:
        held = getattr(obj, "lock", None)
        if held is None:
            return "free"
        age = timesince(held.created_at)
        return f"{held} for {held.run}, for {age}, since {held.created_at:%F %T} UTC"


@waiting
def deployments_to_mend(actor: Actor) -> Iterable[dict[str, Any]]:
    """Deployments that broke or are held back."""
    seen = Deployment.objects.visible_to(actor)
    broken = seen.filter(state="broken").count()
    if broken:
        title = "Broken deployments: retry or destroy"
        yield task(title, Deployment, "state__exact=broken", broken)
    frozen = seen.exclude(frozen="").count()
    if frozen:
        yield task("Rescued states to adopt", Deployment, "", frozen)
