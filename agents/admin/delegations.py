"""Whom agents act for, as administrators see it; each ends on its own page."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import admin
from django.db import models
from django.utils.safestring import SafeString

from agents.actions import Delegate, EndDelegation
from agents.models import Delegation
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins
from paybill_site.kernel.templatetags.paybill_ui import badge


@operators.register(Delegation)
@tenant_admins.register(Delegation)
class DelegationAdmin(VerbAdmin[Delegation]):
    """What acts for whom, for what, and until when."""

    list_display = ("agent", "person", "task", "valid", "expires_at", "client")
    search_fields = ("public_id", "agent__name", "person__email", "task", "client")
    list_select_related = ("agent", "person")
    creator = Delegate
    verbs = (EndDelegation,)
    bulk_verbs = (EndDelegation,)

    @admin.display(description="State")
    def valid(self, obj: Delegation) -> SafeString:
        return badge(obj.status)

    def related(self, obj: Delegation) -> Iterable[tuple[str, models.Model]]:
        return [("agent", obj.agent)]
