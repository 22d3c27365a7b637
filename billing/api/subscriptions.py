"""REST: subscriptions and what customers do with them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Prefetch, Q
from pydantic import BaseModel
from rest_framework import serializers

from billing import actions, clock
from billing.api.session import SessionThings
from billing.models import Subscription, SubscriptionItem
from billing.states import PriceKind
from paybill_site.kernel.rest import Row, action_path, things


class SubscriptionItemSerializer(Row[SubscriptionItem]):
    """One price that is had, how much of it, and up to when it is on invoices."""

    plan: Any = serializers.CharField(
        source="price.plan.code", help_text="of the plan, or of the add-on"
    )
    price: Any = serializers.CharField(source="price.code")
    kind: Any = serializers.ChoiceField(choices=PriceKind.choices, source="price.kind")

    class Meta:
        model = SubscriptionItem
        fields = (
            "id",
            "plan",
            "price",
            "kind",
            "quantity",
            "start",
            "end",
            "billed_to",
        )


class SubscriptionSerializer(Row[Subscription]):
    items = SubscriptionItemSerializer(many=True, source="present")
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
            "items",
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

    def get_queryset(self) -> Any:
        """With the items that are had, or will be; what was offered is neither."""
        had = Q(end=None) | Q(end__gt=clock.now()) & Q(end__gt=F("start"))
        items = SubscriptionItem.objects.filter(had).select_related("price__plan")
        present = Prefetch("items", items.order_by("pk"), to_attr="present")
        return super().get_queryset().prefetch_related(present)


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
