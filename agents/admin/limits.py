"""Limits, bindings and addresses as people set them, and how much of them is used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from agents.actions.bindings import (
    AddBinding,
    AllowAddress,
    ForbidAddress,
    RemoveBinding,
)
from agents.actions.limits import AddLimit, ChangeLimit, RemoveLimit
from agents.limits import standing
from agents.models import Agent, Binding, EgressEntry, Limit
from paybill_site.kernel.admin import VerbAdmin, operators, tenant_admins


class OfHolder[M: models.Model](VerbAdmin[M]):
    """What the pages of rows have in common that belong to an agent or a role."""

    list_select_related = ("agent", "role__agent_role")
    exclude = ("role",)

    @admin.display(description="For", ordering="agent")
    def held_by(self, obj: Any) -> str:
        if obj.role_id:
            return f"role {obj.role.agent_role}"
        return str(obj.agent) if obj.agent_id else "every agent"

    def related(self, obj: Any) -> Iterable[tuple[str, models.Model | None]]:
        return [("agent", obj.agent)]


@operators.register(Limit)
@tenant_admins.register(Limit)
class LimitAdmin(OfHolder[Limit]):
    """Limits, newest first."""

    list_display = ("what", "held_by", "tool", "per", "shadow", "version")
    list_filter = ("measure", "per", "shadow")
    search_fields = ("public_id", "tool", "workflow", "agent__name")
    readonly_fields = ("held_by",)
    creator = AddLimit
    verbs = (ChangeLimit, RemoveLimit)

    @admin.display(description="Limit", ordering="most")
    def what(self, obj: Limit) -> str:
        return standing.words(obj)


@operators.register(Binding)
@tenant_admins.register(Binding)
class BindingAdmin(OfHolder[Binding]):
    """Bindings of arguments, newest first."""

    list_display = ("__str__", "held_by", "value", "note")
    list_filter = ("kind", "tool")
    search_fields = ("public_id", "tool", "argument", "agent__name")
    readonly_fields = ("held_by",)
    creator = AddBinding
    verbs = (RemoveBinding,)


@operators.register(EgressEntry)
@tenant_admins.register(EgressEntry)
class EgressAdmin(VerbAdmin[EgressEntry]):
    """Addresses outside that agents may name."""

    list_display = ("address", "who", "note")
    search_fields = ("public_id", "address", "agent__name")
    list_select_related = ("agent",)
    creator = AllowAddress
    verbs = (ForbidAddress,)
    bulk_verbs = (ForbidAddress,)

    @admin.display(description="For", ordering="agent")
    def who(self, obj: EgressEntry) -> str:
        return str(obj.agent) if obj.agent else "every agent"

    def related(self, obj: EgressEntry) -> Iterable[tuple[str, models.Model | None]]:
        return [("agent", obj.agent)]


def bars(agent: Agent) -> SafeString:
    """What the agent used of each limit, for its page."""
    return render_to_string("agents/limits.html", {"standing": standing.of(agent)})
