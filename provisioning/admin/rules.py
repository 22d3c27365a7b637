"""Operators' view of the rules for runs, and of their own policies."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paybill_site.kernel.admin import VerbAdmin, operators
from paybill_site.kernel.templatetags.paybill_ui import badge
from provisioning import actions
from provisioning.models import RegoPolicy, RunRules


@operators.register(RunRules)
class RunRulesAdmin(VerbAdmin[RunRules]):
    """Who approves, and how long things hold: one row."""

    list_display = ("four_eyes", "approval_hours", "self_approval_minutes")
    verbs = (actions.ChangeRunRules,)


@operators.register(RegoPolicy)
class RegoPolicyAdmin(VerbAdmin[RegoPolicy]):
    """Policies of the operators' own, each with the cases that prove it."""

    list_display = ("name", "state", "proved_by", "changed_at")
    list_filter = ("enabled",)
    search_fields = ("name", "public_id")
    exclude = ("text",)
    readonly_fields = ("rego",)
    verbs = (actions.EnablePolicy, actions.DisablePolicy, actions.ChangePolicy)
    creator = actions.AddPolicy

    @admin.display(description="Asked", ordering="enabled")
    def state(self, obj: RegoPolicy) -> SafeString:
        return badge("enabled" if obj.enabled else "disabled")

    @admin.display(description="Cases")
    def proved_by(self, obj: RegoPolicy) -> int:
        return len(obj.cases)

    @admin.display(description="Rego")
    def rego(self, obj: RegoPolicy) -> SafeString:
        return format_html("<pre>{}</pre>", obj.text)
