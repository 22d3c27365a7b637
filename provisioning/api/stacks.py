"""REST: stacks as they were archived."""

from __future__ import annotations

from paybill_site.kernel.rest import Row, Things, things
from provisioning import actions
from provisioning.models import StackVersion


class StackSerializer(Row[StackVersion]):
    class Meta:
        model = StackVersion
        fields = ("id", "name", "digest", "providers", "created_at")


class Stacks(Things):
    """HCL for one cloud and one isolation model; a deployment stays on its own."""

    queryset = StackVersion.objects.defer("files")
    serializer_class = StackSerializer


urlpatterns = [
    *things("stacks", Stacks, actions.ArchiveStack),
]
