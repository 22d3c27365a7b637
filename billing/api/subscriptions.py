"""REST: subscriptions and what customers do with them."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from rest_framework import serializers

from billing import actions
from billing.api.session import SessionThings
from billing.models import Subscription
from paybill_site.kernel.rest import Row, action_path, things


class SubscriptionSerializer(Row[Subscription]):
    plan: Any = serializers.SlugRelatedField(slug_field="code", read_only=True)
    next_plan: Any = serializers.SlugRelatedField(
        slug_field="code", read_only=True, allow_null=True
    )

    class Meta:
        model = Subscription
        fields = (
            "id",
            "tenant",
            "plan",
            "next_plan",
            "region",
            "isolation",
            "size",
            "state",
            "period_start",
            "period_end",
            "cancel_at_period_end",
            "starts_at",
            "trial_end",
            "ends_at",
            "pauses_at",
            "resumes_at",
            "created_at",
            "activated_at",
            "ended_at",
        )


class SubscriptionViews(SessionThings):
    queryset = Subscription.objects.select_related("tenant", "plan", "next_plan")
    serializer_class = SubscriptionSerializer


class Subscribed(BaseModel):
    """A subscription and what is to be paid for it first, in minor units."""

    id: str
    state: str
    invoice: str
    amount_due: int
    currency: str


class Changed(Subscribed):
    plan: str
    next_plan: str


one = "subscriptions/<str:public_id>"
urlpatterns = [
    *things("subscriptions", SubscriptionViews),
    action_path(
        "tenants/<str:public_id>/subscribe", actions.Subscribe, output=Subscribed
    ),
    action_path(f"{one}/change", actions.ChangePlan, output=Changed),
    action_path(f"{one}/quantity", actions.ChangeQuantity, output=Changed),
    action_path(f"{one}/addon", actions.SetAddon, output=Changed),
    action_path(f"{one}/extend-trial", actions.ExtendTrial),
    action_path(f"{one}/pause", actions.PauseSubscription),
    action_path(f"{one}/resume", actions.ResumeSubscription),
    action_path(f"{one}/reactivate", actions.ReactivateSubscription),
    action_path(f"{one}/cancel", actions.CancelSubscription),
    action_path(f"{one}/undo-cancel", actions.UndoCancel),
]
