"""REST: how runs are decided, and operators' own policies."""

from __future__ import annotations

from paybill_site.kernel.rest import Row, Things, action_path, things
from provisioning import actions
from provisioning.models import RegoPolicy, RunRules


class RunRulesSerializer(Row[RunRules]):
    class Meta:
        model = RunRules
        fields = (
            "id",
            "four_eyes",
            "self_approval_minutes",
            "approval_hours",
            "cool_off_minutes",
            "changed_at",
        )


class Rules(Things):
    """Who approves, and how long things hold; one row."""

    queryset = RunRules.objects.all()
    serializer_class = RunRulesSerializer


class PolicySerializer(Row[RegoPolicy]):
    class Meta:
        model = RegoPolicy
        fields = ("id", "name", "text", "cases", "enabled", "created_at", "changed_at")


class Policies(Things):
    """Policies of the operators' own, in Rego."""

    queryset = RegoPolicy.objects.all()
    serializer_class = PolicySerializer


ONE = "policies/<str:public_id>"
urlpatterns = [
    *things("run-rules", Rules),
    action_path("run-rules/<str:public_id>/change", actions.ChangeRunRules),
    *things("policies", Policies, actions.AddPolicy),
    action_path(f"{ONE}/change", actions.ChangePolicy),
    action_path(f"{ONE}/enable", actions.EnablePolicy),
    action_path(f"{ONE}/disable", actions.DisablePolicy),
]
