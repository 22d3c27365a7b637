"""REST: the catalogue."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from rest_framework.permissions import AllowAny

from billing import actions
from billing.api.session import SessionThings
from billing.models import Plan, Price
from paybill_site.accounts.principals import actor_of
from paybill_site.kernel.rest import Row, action_path, things


class PriceSerializer(Row[Price]):
    class Meta:
        model = Price
        fields = (
            "id",
            "code",
            "name",
            "kind",
            "currency",
            "card",
            "phases",
            "timing",
            "interval",
            "interval_count",
            "meter",
            "tax_included",
        )


class PlanSerializer(Row[Plan]):
    prices = PriceSerializer(many=True, read_only=True)

    class Meta:
        model = Plan
        fields = (
            "id",
            "code",
            "version",
            "kind",
            "beside",
            "includes",
            "state",
            "effective_from",
            "effective_for_existing",
            "name",
            "summary",
            "price",
            "currency",
            "interval",
            "interval_count",
            "trial_days",
            "prices",
            "isolation",
            "isolations",
            "moves",
            "cloud",
            "regions",
            "size",
            "sizes",
            "retention_days",
            "backup_days",
            "features",
            "limits",
            "metered",
        )


class PlanViews(SessionThings):
    """What is on sale, for everybody."""

    permission_classes: Any = (AllowAny,)
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer

    def get_queryset(self) -> Any:
        rows = Plan.objects.visible_to(actor_of(self.request))
        return rows.prefetch_related("prices")


class Migrated(BaseModel):
    """Who gets the version with the next period; the first hundred are named."""

    id: str
    state: str
    migrated: int
    staying: int
    subscriptions: list[dict[str, Any]]
    reasons: list[dict[str, str]] = Field(description="who stays, and why")


class ImportedCatalogue(BaseModel):
    """What changed: a line for each plan."""

    changes: list[str]


urlpatterns = [
    *things("plans", PlanViews, actions.CreatePlan),
    action_path("plans/<str:public_id>/retire", actions.RetirePlan),
    action_path("plans/<str:public_id>/start-sale", actions.StartSale),
    action_path("plans/<str:public_id>/migrate", actions.MigratePlan, output=Migrated),
    action_path("catalogue", actions.ImportCatalogue, output=ImportedCatalogue),
]
