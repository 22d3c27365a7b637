"""Limits, bindings and addresses for the programs of people."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from agents.models import Binding, EgressEntry, Limit
from paybill_site.kernel.rest import Row, Things


class Held(Row[Any]):
    """``role`` is a public id, "" for what an agent holds, or every agent."""

    role = serializers.SerializerMethodField()

    def get_role(self, row: Any) -> str:
        return row.role.agent_role.public_id if row.role_id else ""


class LimitSerializer(Held):
    class Meta:
        model = Limit
        fields = (
            "id",
            "agent",
            "role",
            "tool",
            "workflow",
            "measure",
            "per",
            "currency",
            "most",
            "window",
            "shadow",
            "version",
            "note",
            "made_by",
            "created_at",
        )


class BindingSerializer(Held):
    class Meta:
        model = Binding
        fields = (
            "id",
            "agent",
            "role",
            "tool",
            "argument",
            "kind",
            "value",
            "note",
            "made_by",
            "created_at",
        )


class EgressSerializer(Row[EgressEntry]):
    class Meta:
        model = EgressEntry
        fields = ("id", "agent", "address", "note", "made_by", "created_at")


class LimitViews(Things):
    queryset = Limit.objects.select_related("agent", "role__agent_role")
    serializer_class = LimitSerializer


class BindingViews(Things):
    queryset = Binding.objects.select_related("agent", "role__agent_role")
    serializer_class = BindingSerializer


class EgressViews(Things):
    queryset = EgressEntry.objects.select_related("agent")
    serializer_class = EgressSerializer
