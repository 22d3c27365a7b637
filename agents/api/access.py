"""Roles, rules and switches for the programs of people."""

from __future__ import annotations

from agents.api.limits import Held
from agents.models import Role, Rule, Switch
from paybill_site.kernel.rest import Row, Things


class AgentRoleSerializer(Row[Role]):
    class Meta:
        model = Role
        fields = ("id", "name", "purpose", "made_by", "created_at")


class RuleSerializer(Held):
    class Meta:
        model = Rule
        fields = (
            "id",
            "agent",
            "role",
            "permission",
            "conditions",
            "state",
            "version",
            "note",
            "made_by",
            "created_at",
            "expires_at",
        )


class SwitchSerializer(Row[Switch]):
    class Meta:
        model = Switch
        fields = ("id", "name", "reason", "by", "at")


class RoleViews(Things):
    queryset = Role.objects.all()
    serializer_class = AgentRoleSerializer


class RuleViews(Things):
    queryset = Rule.objects.select_related("agent", "role__agent_role")
    serializer_class = RuleSerializer


class SwitchViews(Things):
    queryset = Switch.objects.all()
    serializer_class = SwitchSerializer
