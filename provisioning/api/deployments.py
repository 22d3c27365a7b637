"""REST: deployments."""

from __future__ import annotations

from paybill_site.kernel.rest import Row, Things, action_path, things
from provisioning import actions
from provisioning.models import Deployment


class DeploymentSerializer(Row[Deployment]):
    class Meta:
        model = Deployment
        fields = (
            "id",
            "tenant",
            "kind",
            "cloud",
            "region",
            "state",
            "stack_version",
            "generation",
            "protected",
            "frozen",
            "drift",
            "drift_seen_at",
            "window",
            "created_at",
        )


class Deployments(Things):
    """Infrastructure of tenants' own."""

    queryset = Deployment.objects.select_related("tenant", "stack_version")
    serializer_class = DeploymentSerializer


urlpatterns = [
    *things("deployments", Deployments),
    action_path("deployments/<str:public_id>/runs", actions.QueueRun),
    action_path("deployments/<str:public_id>/adopt-drift", actions.AdoptDrift),
    action_path("deployments/<str:public_id>/repair-drift", actions.RepairDrift),
    action_path("deployments/<str:public_id>/window", actions.SetWindow),
]
