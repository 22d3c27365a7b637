"""Roles, rules and switches as people run them; a rule shows first what it matches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from agents.access import conditions, preview
from agents.actions.access import (
    ActivateRule,
    AddRule,
    ReleaseSwitch,
    RetireRule,
    RevokeAllTokens,
    ShadowRule,
    ThrowSwitch,
)
from agents.actions.everywhere import ResumeEverywhere, StopEverywhere
from agents.actions.roles import (
    CreateRole,
    DropRole,
    GrantToRole,
    PutInRole,
    RevokeFromRole,
    TakeFromRole,
)
from agents.admin.agents import AgentAdmin
from agents.admin.limits import OfHolder
from agents.models import Role, Rule, Switch
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import PaybillError

SEEN = "preview_seen"

AgentAdmin.offer(PutInRole, TakeFromRole, RevokeAllTokens)


@operators.register(Role)
@tenant_admins.register(Role)
class RoleAdmin(VerbAdmin[Role]):
    """What several agents may do together."""

    list_display = ("name", "purpose", "agents", "created_at")
    search_fields = ("name", "public_id")
    exclude = ("group",)
    readonly_fields = ("agents",)
    creator = CreateRole
    verbs = (GrantToRole, RevokeFromRole, DropRole)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Role]:
        return super().get_queryset(request).annotate(many=models.Count("group__user"))

    @admin.display(description="Agents", ordering="many")
    def agents(self, obj: Any) -> int:
        return int(obj.many)

    def related(self, obj: Role) -> Iterable[tuple[str, str]]:
        address = reverse("admin:agents_matrix", current_app=self.admin_site.name)
        rules = reverse(
            "admin:agents_rule_changelist", current_app=self.admin_site.name
        )
        return [
            ("access matrix", address),
            ("rules", f"{rules}?role__id__exact={obj.group_id}"),
        ]


@operators.register(Rule)
@tenant_admins.register(Rule)
class RuleAdmin(OfHolder[Rule]):
    """Rules, newest first: what each allows, to whom, and what it matches now."""

    list_display = ("says", "held_by", "permission", "state_badge", "version")
    list_filter = ("state", "permission")
    search_fields = ("public_id", "permission", "agent__name", "note")
    readonly_fields = ("held_by", "says", "matches")
    creator = AddRule
    verbs = (ActivateRule, ShadowRule, RetireRule)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            obj.looked_at_by = self.actor(request)
        return super().get_readonly_fields(request, obj)

    @admin.display(description="Where")
    def says(self, obj: Rule) -> str:
        return conditions.told(obj.conditions)

    @admin.display(description="Matches now")
    def matches(self, obj: Any) -> SafeString:
        found = preview.matched(obj.permission, obj.conditions, obj.looked_at_by)
        return render_to_string("agents/matched.html", {"found": found})

    def _perform(
        self, request: HttpRequest, verb: AnyAction, objects: list[Any], form: Any
    ) -> HttpResponse:
        """A new rule is shown with what it matches before it is kept."""
        if verb is not AddRule:
            return super()._perform(request, verb, objects, form)
        data = form.data_input().model_dump(mode="json")
        digest = digest_of(data)
        if request.POST.get(SEEN) == digest:
            return super()._perform(request, verb, objects, form)
        try:
            found = preview.of_new(data, self.actor(request))
        except PaybillError as refusal:
            form.add_error(None, refusal.detail)
            return self._ask(request, verb, objects, form)
        response: Any = self._ask(request, verb, objects, form)
        context = response.context_data
        context["carried"] = [*context["carried"], (SEEN, digest)]
        context |= {"found": found, "says": conditions.told(data["conditions"])}
        return TemplateResponse(request, "agents/rule_preview.html", context)


@operators.register(Switch)
class OperatorsSwitchAdmin(VerbAdmin[Switch]):
    """The installation's switch, and the one of the control plane's own agents."""

    list_display = ("name", "reason", "by", "at")
    creator = StopEverywhere
    verbs = (ResumeEverywhere, ReleaseSwitch)


@tenant_admins.register(Switch)
class SwitchAdmin(VerbAdmin[Switch]):
    """Whether the agents of this tenant are stopped; nothing here: they are not."""

    list_display = ("name", "reason", "by", "at")
    creator = ThrowSwitch
    verbs = (ReleaseSwitch,)
