"""Agents as people run them: what one may do, what it did, what it was refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from agents.access import grants
from agents.actions import (
    CreateAgent,
    GrantAccess,
    IssueToken,
    OpenSession,
    RegisterClient,
    ResumeAgent,
    RevokeAccess,
    RevokeToken,
    StopAgent,
)
from agents.admin.limits import bars
from agents.models import Agent, AgentToken
from agents.tools.catalogue import grantable
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.templatetags.paybill_ui import badge, when

RECENT = 20
# What these make is shown on the page that answers, and never again.
SHOWN_ONCE = (IssueToken, OpenSession, RegisterClient)


class TokenRows(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """The agent's tokens; each has a page of its own, where it is revoked."""

    model = AgentToken
    fields = readonly_fields = (
        "prefix",
        "label",
        "scopes",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # with the agent they belong to

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@operators.register(Agent)
@tenant_admins.register(Agent)
class AgentAdmin(VerbAdmin[Agent]):
    """One page per agent: access, tokens, calls and denials."""

    list_display = ("name", "state_badge", "purpose", "last_called")
    list_filter = ("state",)
    search_fields = ("name", "public_id")
    exclude = ("principal",)
    readonly_fields = ("may_do", "can_be_granted", "limits_used", "calls", "denials")
    inlines = (TokenRows,)
    creator = CreateAgent
    verbs = (
        IssueToken,
        OpenSession,
        RegisterClient,
        GrantAccess,
        RevokeAccess,
        StopAgent,
        ResumeAgent,
    )
    bulk_verbs = (StopAgent,)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Agent]:
        rows = super().get_queryset(request)
        return rows.annotate(called=models.Max("tokens__last_used_at"))

    @admin.display(description="Last call", ordering="called")
    def last_called(self, obj: Any) -> SafeString:
        return when(obj.called)

    @admin.display(description="May do")
    def may_do(self, obj: Agent) -> SafeString:
        held = grants.held(obj.principal_id)
        rows = [(grant.permission, grant.object or "every object") for grant in held]
        return _list("<code>{}</code> on {}", rows, "Nothing yet: grant it access.")

    @admin.display(description="Can be granted")
    def can_be_granted(self, obj: Agent) -> SafeString:
        return _list(
            "<code>{}</code>", [(name,) for name in sorted(grantable())], "Nothing."
        )

    @admin.display(description="Limits")
    def limits_used(self, obj: Agent) -> SafeString:
        return bars(obj)

    @admin.display(description="Recent calls")
    def calls(self, obj: Agent) -> SafeString:
        return _entries(AuditEntry.objects.filter(actor=obj.public_id))

    @admin.display(description="Recent denials")
    def denials(self, obj: Agent) -> SafeString:
        rows = AuditEntry.objects.filter(actor=obj.public_id, outcome="denied")
        return _entries(rows)

    def related(self, obj: Agent) -> Iterable[tuple[str, models.Model | str | None]]:
        address = reverse(
            "admin:kernel_auditentry_changelist", current_app=self.admin_site.name
        )
        activity = reverse(
            "admin:agents_activity",
            args=[obj.public_id],
            current_app=self.admin_site.name,
        )
        can = reverse(
            "admin:agents_can", args=[obj.public_id], current_app=self.admin_site.name
        )
        return [
            ("what it can do, and why", can),
            ("activity", activity),
            ("audit trail", f"{address}?q={obj.public_id}"),
        ]

    def _perform(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any], form: Any
    ) -> HttpResponse:
        """A fresh secret is shown on the page that answers, and never again."""
        if verb not in SHOWN_ONCE or len(objects) != 1:
            return super()._perform(request, verb, objects, form)
        try:
            done = self.perform_on(objects[0], request, verb, form)
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
            return self._ask(request, verb, objects, form)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": f"A secret of {objects[0]}",
            "client": verb is RegisterClient,
            "agent": objects[0],
            "token": done.result,
            "back": request.get_full_path(),
        }
        return TemplateResponse(request, "agents/token.html", context)


@operators.register(AgentToken)
@tenant_admins.register(AgentToken)
class TokenAdmin(VerbAdmin[AgentToken]):
    """Tokens, by how they begin; nobody can read a whole one."""

    list_display = ("prefix", "agent", "label", "valid", "expires_at", "last_used_at")
    search_fields = ("prefix", "public_id", "agent__name")
    list_select_related = ("agent",)
    exclude = ("digest",)
    verbs = (RevokeToken,)
    bulk_verbs = (RevokeToken,)

    @admin.display(description="State")
    def valid(self, obj: AgentToken) -> SafeString:
        return badge(obj.status)

    def related(self, obj: AgentToken) -> Iterable[tuple[str, models.Model]]:
        return [("agent", obj.agent)]


def _list(form: str, rows: Sequence[tuple[str, ...]], nothing: str) -> SafeString:
    if not rows:
        return format_html('<span class="quiet">{}</span>', nothing)
    items = format_html_join("", "<li>" + form + "</li>", rows)
    return format_html("<ul>{}</ul>", items)


def _entries(rows: models.QuerySet[AuditEntry]) -> SafeString:
    shown = [(when(e.at), e.action, e.target, badge(e.outcome)) for e in rows[:RECENT]]
    if not shown:
        return format_html('<span class="quiet">{}</span>', "None yet.")
    items = format_html_join("", "<li>{} <code>{}</code> {} {}</li>", shown)
    return format_html("<ul>{}</ul>", items)
