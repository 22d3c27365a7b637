"""Operators' view of runs."""

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
from provisioning.admin.tasks import task
from provisioning.models import Run, RunPhase
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
        actions.ForceCancelRun,
        actions.RetryRun,
    )

    def related(self, obj: Run) -> Links:
        yield "deployment", obj.deployment
        yield "tenant", obj.tenant

    @admin.display(description="Log")
    def page(self, obj: Run) -> SafeString:
        address = reverse("provisioning:run", args=[obj.public_id])
        return format_html('<a href="{}">Phases, changes and log</a>', address)


@waiting
def runs_to_decide(actor: Actor) -> Iterable[dict[str, Any]]:
    """Plans that wait for a person."""
    runs = Run.objects.visible_to(actor)
    waits = runs.filter(state=RunState.WAITING).count()
    if waits:
        yield task("Plans to confirm", Run, "state__exact=waiting", waits)
