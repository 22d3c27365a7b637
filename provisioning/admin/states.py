"""Operators' view of Terraform's states, and the lock of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from paybill_site.kernel.admin import VerbAdmin, operators
from provisioning import actions, statediff
from provisioning.models import StateVersion

type Links = Iterable[tuple[str, models.Model | str | None]]

MOST = 200  # addresses on the page


@operators.register(StateVersion)
class StateVersionAdmin(VerbAdmin[StateVersion]):
    """Versions of Terraform's state; their content is not shown."""

    list_display = (
        "public_id",
        "deployment",
        "serial",
        "origin",
        "resources",
        "run",
        "created_at",
    )
    list_filter = ("origin",)
    list_select_related = ("deployment", "run")
    search_fields = ("public_id", "deployment__public_id")
    exclude = ("content",)
    readonly_fields = ("since",)
    verbs = (actions.RollbackState,)

    def get_queryset(self, request: Any) -> models.QuerySet[StateVersion]:
        return super().get_queryset(request).defer("content")

    def related(self, obj: StateVersion) -> Links:
        yield "deployment", obj.deployment
        yield "run", obj.run
        before = statediff.before(obj)
        if before is not None:
            yield f"the one before ({before.serial})", before

    @admin.display(description="Changes since the one before")
    def since(self, obj: StateVersion) -> SafeString:
        """Destructive lines first; what is sensitive is masked."""
        found = statediff.diff(statediff.before(obj), obj)
        lines = [
            *(("-", address, "") for address in found["removed"]),
            *(("+", address, "") for address in found["added"]),
            *(("~", one["address"], _words(one)) for one in found["changed"]),
            *(("~", f"output {name}", "") for name in found["outputs"]),
        ]
        if not lines:
            return mark_safe("nothing")
        shown = format_html_join("", "<li>{} <code>{}</code> {}</li>", lines[:MOST])
        more = f"and {len(lines) - MOST} more" if len(lines) > MOST else ""
        return format_html("<ul>{}</ul>{}", shown, more)


def _words(changed: dict[str, Any]) -> str:
    return "; ".join(
        f"{one['name']}: {one['before']} → {one['after']}"
        for one in changed["attributes"][:20]
    )
