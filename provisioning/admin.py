"""Operators' view of deployments, runs and states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from provisioning import actions
from provisioning.models import Deployment, Run, RunPhase, StateVersion
from provisioning.states import RunState

type Links = Iterable[tuple[str, models.Model | str | None]]


class PhaseInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = RunPhase
    fields = readonly_fields = ("name", "state", "started_at", "ended_at")
    extra = 0
    can_delete = False

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@operators.register(Deployment)
class DeploymentAdmin(VerbAdmin[Deployment]):
    """Infrastructure of tenants' own."""

    list_display = ("public_id", "tenant", "kind", "cloud", "state_badge", "frozen")
    list_filter = ("state", "kind", "cloud")
    list_select_related = ("tenant",)
    search_fields = ("public_id", "tenant__name", "tenant__public_id")
    readonly_fields = ("lock_holder",)
    verbs = (actions.QueueRun, actions.AdoptState, actions.ReleaseStateLock)

    def related(self, obj: Deployment) -> Links:
        yield "tenant", obj.tenant
        for run in obj.runs.all()[:10]:
            yield f"{run} ({run.state})", run
        for version in obj.state_versions.all()[:5]:
            yield f"state {version.serial}", version

    @admin.display(description="State lock")
    def lock_holder(self, obj: Deployment) -> str:
        held = getattr(obj, "lock", None)
        return f"{held}, since {held.created_at:%Y-%m-%d %H:%M:%S}" if held else "free"


@operators.register(Run)
class RunAdmin(VerbAdmin[Run]):
    """Plans and applies; what people need to know first."""

    list_display = (
        "public_id",
        "operation",
        "state_badge",
        "deployment",
        "attempt",
        "queued_at",
        "ended_at",
    )
    list_filter = ("state", "operation")
    list_select_related = ("deployment__tenant",)
    search_fields = ("public_id", "deployment__public_id", "deployment__tenant__name")
    exclude = ("token_digest",)
    readonly_fields = ("page",)
    inlines = (PhaseInline,)
    verbs = (
        actions.ConfirmRun,
        actions.DiscardRun,
        actions.CancelRun,
        actions.RetryRun,
    )

    def related(self, obj: Run) -> Links:
        yield "deployment", obj.deployment
        yield "tenant", obj.tenant

    @admin.display(description="Log")
    def page(self, obj: Run) -> SafeString:
        address = reverse("provisioning:run", args=[obj.public_id])
        return format_html('<a href="{}">Phases, changes and log</a>', address)


@operators.register(StateVersion)
class StateVersionAdmin(VerbAdmin[StateVersion]):
    """Versions of Terraform's state; their content is not shown."""

    list_display = ("public_id", "deployment", "serial", "origin", "resources", "run")
    list_filter = ("origin",)
    list_select_related = ("deployment", "run")
    search_fields = ("public_id", "deployment__public_id")
    exclude = ("content",)

    def get_queryset(self, request: Any) -> models.QuerySet[StateVersion]:
        return super().get_queryset(request).defer("content")

    def related(self, obj: StateVersion) -> Links:
        return [("deployment", obj.deployment), ("run", obj.run)]


def _task(
    title: str, model: type[models.Model], query: str, count: int
) -> dict[str, Any]:
    name = f"admin:provisioning_{model._meta.model_name}_changelist"
    return {"title": title, "count": count, "url": f"{reverse(name)}?{query}"}


@waiting
def runs_to_decide(actor: Actor) -> Iterable[dict[str, Any]]:
    """Plans that wait for a person, runs that broke, deployments that are held back."""
    runs = Run.objects.visible_to(actor)
    waits = runs.filter(state=RunState.WAITING).count()
    if waits:
        yield _task("Plans to confirm", Run, "state__exact=waiting", waits)
    latest = Deployment.objects.visible_to(actor).filter(state="broken").count()
    if latest:
        query = "state__exact=broken"
        yield _task("Broken deployments: retry or destroy", Deployment, query, latest)
    frozen = Deployment.objects.visible_to(actor).exclude(frozen="").count()
    if frozen:
        yield _task("Rescued states to adopt", Deployment, "", frozen)
