"""REST: deployments."""

from __future__ import annotations

from paybill_site.accounts.auth import SessionAuthentication
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
            "generation",
            "created_at",
        )


class Deployments(Things):
    """Infrastructure of tenants' own."""

    authentication_classes = (SessionAuthentication,)
    queryset = Deployment.objects.select_related("tenant")
    serializer_class = DeploymentSerializer


urlpatterns = [
    *things("deployments", Deployments),
    action_path("deployments/<str:public_id>/runs", actions.QueueRun),
]
