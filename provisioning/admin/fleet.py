"""Operators' view of a fleet on its way to a new stack version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.admin import VerbAdmin, operators, waiting
from provisioning import actions, windows
from provisioning.admin.order import first
from provisioning.admin.tasks import task
from provisioning.fleet.states import ItemState, RolloutState
from provisioning.models import Rollout, RolloutItem

type Links = Iterable[tuple[str, models.Model | str | None]]

# The tone of each part of a bar, in the order in which the parts stand.
PARTS = {
    ItemState.DONE: "good",
    ItemState.RUNNING: "busy",
    ItemState.FAILED: "bad",
    ItemState.SKIPPED: "quiet",
    ItemState.WAITING: "waiting",
}
WIDTH, HEIGHT, GAP, NAME = 640, 22, 10, 70


@operators.register(Rollout)
class RolloutAdmin(VerbAdmin[Rollout]):
    """Stack versions on their way to the deployments of a stack."""

    list_display = ("public_id", "target", "state_badge", "counts", "created_at")
    list_filter = ("state",)
    list_select_related = ("target",)
    search_fields = ("public_id", "target__name", "target__digest")
    readonly_fields = ("progress", "counts")
    verbs = (actions.PauseRollout, actions.ResumeRollout, actions.AbortRollout)

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        return first(
            super().get_fields(request, obj), "progress", "counts", "explanation"
        )

    def related(self, obj: Rollout) -> Links:
        yield "stack version", obj.target
        items = reverse("admin:provisioning_rolloutitem_changelist")
        yield "deployments", f"{items}?rollout__id__exact={obj.pk}"

    @admin.display(description="Deployments")
    def counts(self, obj: Rollout) -> str:
        found = Counter(obj.items.values_list("state", flat=True))
        return ", ".join(f"{found[state]} {state}" for state in PARTS if found[state])

    @admin.display(description="Progress")
    def progress(self, obj: Rollout) -> SafeString:
        """A bar for each wave, cut into what became of its deployments."""
        waves: dict[int, Counter[str]] = {
            number: Counter() for number in range(1, len(obj.waves) + 1)
        }
        for wave, state in obj.items.values_list("wave", "state"):
            waves[wave][state] += 1
        bars = format_html_join(
            "",
            "{}",
            ((_bar(row, wave, waves[wave]),) for row, wave in enumerate(waves)),
        )
        height = len(waves) * (HEIGHT + GAP)
        return format_html(
            '<svg class="waves" viewBox="0 0 {} {}" width="{}" height="{}" role="img"'
            ' aria-label="{}">{}</svg>',
            WIDTH,
            height,
            WIDTH,
            height,
            self.counts(obj) or "no deployments",
            bars,
        )


def _bar(row: int, wave: int, found: Counter[str]) -> SafeString:
    top, total, left = row * (HEIGHT + GAP), found.total() or 1, float(NAME)
    parts = []
    for state, tone in PARTS.items():
        width = (WIDTH - NAME) * found[state] / total
        if width:
            title = f"{found[state]} {state}"
            parts.append((tone, left, top, width, HEIGHT, title))
            left += width
    drawn = format_html_join(
        "",
        '<rect class="wave-{}" x="{}" y="{}" width="{}" height="{}">'
        "<title>{}</title></rect>",
        parts,
    )
    named = '<text x="0" y="{}">Wave {}</text>{}'
    return format_html(named, top + HEIGHT * 0.72, wave, drawn)


@operators.register(RolloutItem)
class RolloutItemAdmin(VerbAdmin[RolloutItem]):
    """Each deployment of each rollout, and what became of it."""

    list_display = (
        "deployment",
        "rollout",
        "wave",
        "state_badge",
        "window",
        "explanation",
    )
    list_filter = ("state", "wave")
    list_select_related = ("deployment__tenant", "rollout__target")
    search_fields = ("public_id", "deployment__public_id", "rollout__public_id")
    ordering = ("rollout", "wave", "id")

    def related(self, obj: RolloutItem) -> Links:
        return [
            ("rollout", obj.rollout),
            ("deployment", obj.deployment),
            ("run", obj.run),
        ]

    @admin.display(description="Window")
    def window(self, obj: RolloutItem) -> str:
        return windows.told(windows.of(obj.deployment.window))


@waiting
def rollouts_that_paused(actor: Actor) -> Iterable[dict[str, Any]]:
    """Rollouts that stopped: too many of their deployments failed."""
    paused = Rollout.objects.visible_to(actor).filter(state=RolloutState.PAUSED).count()
    if paused:
        title = "Upgrades of fleets that are paused"
        yield task(title, Rollout, "state__exact=paused", paused)
