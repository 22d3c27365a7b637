"""REST: the catalogue."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import AllowAny

from billing import actions
from billing.api.session import SessionThings
from billing.models import Plan
from paybill_site.accounts.principals import actor_of
from paybill_site.kernel.rest import Row, action_path, things


class PlanSerializer(Row[Plan]):
    class Meta:
        model = Plan
        fields = (
            "id",
            "code",
            "version",
            "name",
            "summary",
            "price",
            "currency",
            "interval",
            "interval_count",
            "trial_days",
            "isolation",
            "cloud",
            "regions",
            "size",
            "retention_days",
            "features",
            "limits",
        )


class PlanViews(SessionThings):
    """What is on sale, for everybody."""

    permission_classes: Any = (AllowAny,)
    queryset = Plan.objects.all()
    serializer_class = PlanSerializer

    def get_queryset(self) -> Any:
        return Plan.objects.visible_to(actor_of(self.request))


urlpatterns = [
    *things("plans", PlanViews, actions.CreatePlan),
    action_path("plans/<str:public_id>/retire", actions.RetirePlan),
]
