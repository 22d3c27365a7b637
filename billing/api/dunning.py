"""REST: the rules about unpaid invoices, and the customers they are at work on."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from billing.actions.dunning import SetDunning, WriteDunningSchedule
from billing.api.session import SessionThings
from billing.dunning import timeline
from billing.models import DunningCase, DunningSchedule
from paybill_site.kernel.rest import Row, action_path, things


class DunningScheduleSerializer(Row[DunningSchedule]):
    class Meta:
        model = DunningSchedule
        fields = ("id", "code", "version", "name", "default_for", "rules", "created_at")


class ForeseenSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    what = serializers.CharField()
    words = serializers.CharField()
    done = serializers.BooleanField()


class DunningCaseSerializer(Row[DunningCase]):
    customer: Any = serializers.SlugRelatedField(slug_field="public_id", read_only=True)
    ahead = serializers.SerializerMethodField()

    class Meta:
        model = DunningCase
        fields = (
            "id",
            "customer",
            "state",
            "schedule",
            "taken",
            "changes_blocked",
            "opened_at",
            "closed_since",
            "next_at",
            "ended_at",
            "ahead",
        )

    def get_ahead(self, obj: DunningCase) -> ForeseenSerializer(many=True):  # type: ignore[valid-type]
        """What was done and what will be if nobody pays."""
        return ForeseenSerializer(timeline(obj.customer), many=True).data


class DunningScheduleViews(SessionThings):
    queryset = DunningSchedule.objects.all()
    serializer_class = DunningScheduleSerializer


class DunningCaseViews(SessionThings):
    queryset = DunningCase.objects.select_related("customer__account")
    serializer_class = DunningCaseSerializer


urlpatterns = [
    *things("dunning-schedules", DunningScheduleViews, WriteDunningSchedule),
    *things("dunning-cases", DunningCaseViews),
    action_path("customers/<str:public_id>/dunning", SetDunning),
]
