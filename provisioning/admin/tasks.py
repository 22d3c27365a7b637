"""A line of the operators' list of what waits."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.urls import reverse


def task(
    title: str, model: type[models.Model], query: str, count: int
) -> dict[str, Any]:
    """``count`` rows of ``model`` wait; the link shows them."""
    name = f"admin:provisioning_{model._meta.model_name}_changelist"
    return {"title": title, "count": count, "url": f"{reverse(name)}?{query}"}
