"""Operators' view of places on their way out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import badge, when
from provisioning import actions
from provisioning.admin.order import first
from provisioning.admin.tasks import task
from provisioning.models import Removal, RemovalStep
from provisioning.removal.states import RemovalState

type Links = Iterable[tuple[str, models.Model | str | None]]


class StepInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    model = RemovalStep
    fields = readonly_fields = ("name", "began_at", "ended_at", "detail")
    extra = 0
    can_delete = False
    verbose_name_plural = "steps"

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class StuckFilter(admin.SimpleListFilter):
    """What goes on by itself, and what does not."""

    title = "progress"
    parameter_name = "progress"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("stuck", "Stuck"), ("held", "Held"), ("open", "Going on")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        going_on = queryset.exclude(state=RemovalState.DONE)
        match self.value():
            case "stuck":
                return going_on.exclude(trouble="")
            case "held":
                return going_on.exclude(held="")
            case "open":
                return going_on.filter(trouble="", held="")
        return queryset


@operators.register(Removal)
class RemovalAdmin(VerbAdmin[Removal]):
    """A tenant's place is taken away: each step, and what proves the end."""

    list_display = ("public_id", "tenant", "what", "progress", "created_at", "done_at")
    list_filter = ("state", StuckFilter)
    list_select_related = ("tenant", "deployment", "placement")
    search_fields = ("public_id", "tenant__name", "tenant__public_id")
    exclude = ("record", "notes")
    readonly_fields = ("progress", "what", "proof", "signed_record")
    inlines = (StepInline,)
    verbs = (
        actions.HoldRemoval,
        actions.ReleaseRemoval,
        actions.RetryRemoval,
        actions.SkipBackup,
    )

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        told = ("progress", "trouble", "held", "signed_record", "proof", "neighbours")
        return first(super().get_fields(request, obj), *told)

    def related(self, obj: Removal) -> Links:
        yield "tenant", obj.tenant
        yield "deployment", obj.deployment
        yield "place", obj.placement
        yield "last backup", obj.backup
        yield "last run", obj.run

    @admin.display(description="What goes")
    def what(self, obj: Removal) -> str:
        return str(obj.deployment or obj.placement)

    @admin.display(description="State", ordering="state")
    def progress(self, obj: Removal) -> SafeString:
        if obj.state == RemovalState.DONE:
            return badge("done")
        if obj.trouble:
            return badge("failed", "Stuck")
        if obj.held:
            return badge("suspended", "Held")
        return badge("running", RemovalState(obj.state).label.capitalize())

    @admin.display(description="Proof")
    def proof(self, obj: Removal) -> SafeString | str:
        checks = [
            (check["name"], check["detail"]) for check in obj.notes.get("proof", [])
        ]
        remains = [
            ("remains for a while", f"{left['name']} {left['ends']}")
            for left in obj.notes.get("remains", [])
        ]
        lines = [*checks, *remains]
        return format_html_join(SafeString("<br>"), "{}: {}", lines) or "not yet"

    @admin.display(description="Signed record")
    def signed_record(self, obj: Removal) -> SafeString | str:
        if not obj.record:
            return "when it is done"
        address = reverse("removal_record", args=[obj.public_id])
        return format_html(
            '<a href="{}" download>Download</a>, signed {}', address, when(obj.done_at)
        )


@waiting
def removals_that_wait(actor: Actor) -> Iterable[dict[str, Any]]:
    """Removals that need a decision."""
    seen = Removal.objects.visible_to(actor).exclude(state=RemovalState.DONE)
    stuck = seen.exclude(trouble="").count()
    if stuck:
        yield task("Removals that are stuck", Removal, "progress=stuck", stuck)
    held = seen.exclude(held="").count()
    if held:
        yield task("Removals that are held", Removal, "progress=held", held)
