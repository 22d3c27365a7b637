"""Links between the lists of billing's rows."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.urls import reverse

type Neighbours = Iterable[tuple[str, models.Model | str | None]]


def rows_of(label: str, query: str) -> str:
    """The address of a list, filtered."""
    return f"{reverse(f'admin:billing_{label}_changelist')}?{query}"
