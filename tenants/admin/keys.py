"""API keys by how they begin; nobody can read a whole one, and members make them."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import admin
from django.db import models
from django.urls import reverse
from django.utils.safestring import SafeString

from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import badge
from tenants.keys.actions import RevokeKey
from tenants.models import ApiKey


@operators.register(ApiKey)
class ApiKeyAdmin(VerbAdmin[ApiKey]):
    """Which programs of customers come in, and when they last did."""

    list_display = ("prefix", "account", "name", "good", "expires_at", "last_used_at")
    list_select_related = ("account",)
    search_fields = ("prefix", "public_id", "name", "account__name")
    exclude = ("digest",)
    verbs = (RevokeKey,)
    bulk_verbs = (RevokeKey,)

    @admin.display(description="State")
    def good(self, obj: ApiKey) -> SafeString:
        return badge(obj.status)

    def related(self, obj: ApiKey) -> Iterable[tuple[str, models.Model | str | None]]:
        trail = reverse("admin:kernel_auditentry_changelist")
        yield "account", obj.account
        yield "what it did", f"{trail}?q={obj.public_id}"
