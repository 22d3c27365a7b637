"""Operators' view of Terraform's states."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

from paybill_site.kernel.admin import VerbAdmin, operators
from provisioning.models import StateVersion

type Links = Iterable[tuple[str, models.Model | str | None]]


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
