"""REST: cloud accounts. What is sealed never comes back."""

from __future__ import annotations

from paybill_site.kernel.rest import Row, Things, action_path, things
from provisioning import actions
from provisioning.models import CloudAccount


class CloudAccountSerializer(Row[CloudAccount]):
    class Meta:
        model = CloudAccount
        fields = (
            "id",
            "name",
            "cloud",
            "simulation",
            "method",
            "identities",
            "details",
            "regions",
            "address_pool",
            "network_prefix",
            "most_deployments",
            "at_once",
            "state",
            "health",
            "health_said",
            "tested_at",
            "created_at",
        )


class CloudAccounts(Things):
    """Accounts at clouds that Paybill may build in."""

    queryset = CloudAccount.objects.all()
    serializer_class = CloudAccountSerializer


ONE = "cloud-accounts/<str:public_id>"
urlpatterns = [
    *things("cloud-accounts", CloudAccounts, actions.AddCloudAccount),
    action_path(f"{ONE}/change", actions.ChangeCloudAccount),
    action_path(f"{ONE}/pause", actions.PauseCloudAccount),
    action_path(f"{ONE}/resume", actions.ResumeCloudAccount),
    action_path(f"{ONE}/test", actions.TestCloudAccount),
]
