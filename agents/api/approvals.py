"""Approvals for the programs of people: what waits, what would happen, yes and no."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agents.approvals import wording
from agents.models import Approval
from paybill_site.kernel.rest import Row, Things


class ApprovalSerializer(Row[Approval]):
    class Meta:
        model = Approval
        fields: tuple[str, ...] = (
            "id",
            "agent",
            "behalf",
            "run",
            "step",
            "tool",
            "target",
            "arguments",
            "state",
            "why",
            "outcome",
            "created_at",
            "expires_at",
            "decided_by",
            "decided_at",
            "used_at",
        )


class ChangedFieldSerializer(serializers.Serializer[Any]):
    """One field: what it says now, and then."""

    field = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class ChangedRowSerializer(serializers.Serializer[Any]):
    """One row that would change."""

    title = serializers.CharField()
    id = serializers.CharField(source="public_id")
    is_new = serializers.BooleanField()
    is_gone = serializers.BooleanField()
    changes = serializers.SerializerMethodField()

    @extend_schema_field(ChangedFieldSerializer(many=True))
    def get_changes(self, row: wording.Row) -> list[dict[str, str]]:
        return [{"field": f, "before": b, "after": a} for f, b, a in row.changes]


class ApprovalEffectSerializer(serializers.Serializer[Any]):
    """What would happen: rows, how many more that are not yours to see, events."""

    rows = ChangedRowSerializer(many=True)
    unseen = serializers.IntegerField()
    events = serializers.ListField(child=serializers.CharField())


class ApprovalDetail(ApprovalSerializer):
    """An approval, and in words what would happen."""

    effect = serializers.SerializerMethodField()

    class Meta(ApprovalSerializer.Meta):
        fields = (*ApprovalSerializer.Meta.fields, "effect")

    @extend_schema_field(ApprovalEffectSerializer)
    def get_effect(self, approval: Approval) -> Any:
        actor = self.context["request"].auth
        return ApprovalEffectSerializer(wording.effect(approval, actor)).data


class ApprovalViews(Things):
    queryset = Approval.objects.select_related("agent", "run")
    serializer_class = ApprovalSerializer

    def get_serializer_class(self) -> Any:
        return ApprovalDetail if self.action == "retrieve" else ApprovalSerializer
