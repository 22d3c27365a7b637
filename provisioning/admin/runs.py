"""Operators' view of runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from paybill_site.kernel.templatetags.paybill_ui import badge, money
from provisioning import actions, pages
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
    exclude = ("token_digest", "policies", "cost", "reasons", "changes")
    readonly_fields = ("page", "asked_why", "policy_words", "cost_words")
    inlines = (PhaseInline,)
    verbs = (
        actions.ConfirmRun,
        actions.DiscardRun,
        actions.CancelRun,
        actions.ForceCancelRun,
        actions.RetryRun,
        actions.CommentRun,
    )

    def related(self, obj: Run) -> Links:
        yield "deployment", obj.deployment
        yield "tenant", obj.tenant

    @admin.display(description="On one page")
    def page(self, obj: Run) -> SafeString:
        address = reverse("provisioning:run", args=[obj.public_id])
        words = "Plan, policies, cost, approval and log"
        return format_html('<a href="{}">{}</a>', address, words)

    @admin.display(description="Why a person has to approve", empty_value="nothing")
    def asked_why(self, obj: Run) -> SafeString | None:
        return _lines(obj.reasons)

    @admin.display(description="Policies", empty_value="not asked yet")
    def policy_words(self, obj: Run) -> SafeString | None:
        return _lines(
            format_html("{} {}", badge(level, tone=tone), name)
            for name, level, tone in pages.policy_words(obj)
        )

    @admin.display(description="Cost a month", empty_value="not estimated yet")
    def cost_words(self, obj: Run) -> SafeString | None:
        if not obj.cost:
            return None
        cost, currency = obj.cost, obj.cost["currency"]
        return format_html(
            "{} → {}; {} without a price; {}, as of {}",
            money(cost["before"], currency),
            money(cost["after"], currency),
            len(cost["unpriced"]),
            cost["basis"],
            cost["as_of"],
        )


def _lines(items: Iterable[object]) -> SafeString | None:
    """One under the other; None when there are none, for the admin to say so."""
    return (
        format_html_join(mark_safe("<br>"), "{}", ((item,) for item in items)) or None
    )


@waiting
def runs_to_decide(actor: Actor) -> Iterable[dict[str, Any]]:
    """Plans that wait for a person."""
    runs = Run.objects.visible_to(actor)
    waits = runs.filter(state=RunState.WAITING).count()
    if waits:
        yield task("Plans to confirm", Run, "state__exact=waiting", waits)
