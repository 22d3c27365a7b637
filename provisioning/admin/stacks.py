"""Operators' view of stacks: what was archived, what it admits, what was tested."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from paybill_site.kernel.admin import VerbAdmin, operators
from provisioning import actions, stacks
from provisioning.models import StackVersion

type Links = Iterable[tuple[str, models.Model | str | None]]


@operators.register(StackVersion)
class StackVersionAdmin(VerbAdmin[StackVersion]):
    """Stacks as they were; deployments stay on theirs until they are moved."""

    list_display = ("public_id", "name", "short", "on_disk", "created_at")
    list_filter = ("name",)
    search_fields = ("public_id", "name", "digest")
    exclude = ("files", "providers")
    readonly_fields = ("admitted", "tested_with", "on_disk", "contents")
    creator = actions.ArchiveStack
    verbs = (actions.StartRollout,)

    def get_queryset(self, request: Any) -> models.QuerySet[StackVersion]:
        rows = super().get_queryset(request)
        match = getattr(request, "resolver_match", None)
        return rows if match and "object_id" in match.kwargs else rows.defer("files")

    def related(self, obj: StackVersion) -> Links:
        for deployment in obj.deployments.order_by("-id")[:20]:
            yield str(deployment), deployment
        for rollout in obj.rollouts.order_by("-id")[:5]:
            yield f"{rollout} ({rollout.state})", rollout

    @admin.display(description="Digest")
    def short(self, obj: StackVersion) -> str:
        return obj.digest[:12]

    @admin.display(description="On disk", boolean=True)
    def on_disk(self, obj: StackVersion) -> bool:
        return stacks.Stack(obj.name).digest() == obj.digest

    @admin.display(description="Admitted versions")
    def admitted(self, obj: StackVersion) -> SafeString | str:
        rows = [(name, wanted or "any") for name, wanted in obj.providers.items()]
        return _lines(rows) or "Terraform alone: no provider"

    @admin.display(description="Tested with")
    def tested_with(self, obj: StackVersion) -> SafeString | str:
        """Apart from what is admitted: other admitted versions were not tried."""
        known = [(name, stacks.tested().get(name)) for name in obj.providers]
        rows = [
            (name, f"{one['version']}, {one['by']}" if one else "nothing")
            for name, one in known
        ]
        return _lines(rows) or "the Terraform of each run"

    @admin.display(description="Files")
    def contents(self, obj: StackVersion) -> SafeString:
        return format_html_join(
            "",
            "<details><summary>{}</summary><pre>{}</pre></details>",
            sorted(obj.files.items()),
        )


def _lines(rows: list[tuple[str, str]]) -> SafeString:
    return format_html_join(SafeString("<br>"), "{}: {}", rows)
