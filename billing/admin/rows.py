"""Links between the lists of billing's rows, and what will happen as a list."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing.engine.foretelling import Foretold
from paybill_site.kernel.templatetags.paybill_ui import when

type Neighbours = Iterable[tuple[str, models.Model | str | None]]


def rows_of(label: str, query: str) -> str:
    """The address of a list, filtered."""
    return f"{reverse(f'admin:billing_{label}_changelist')}?{query}"


def foretold(entries: list[Foretold]) -> SafeString:
    """What will happen, to whom and when."""
    if not entries:
        return format_html("{}", "Nothing.")
    told = ((when(each.at), each.customer, each.words) for each in entries)
    return format_html_join("", "<p>{} &middot; {}: {}</p>", told)
