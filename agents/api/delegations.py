"""Delegations for people's programs: what acts for whom, since when and until when."""

from __future__ import annotations

from agents.models import Delegation
from paybill_site.kernel.rest import Row, Things


class DelegationSerializer(Row[Delegation]):
    class Meta:
        model = Delegation
        fields = (
            "id",
            "agent",
            "person",
            "task",
            "scopes",
            "client",
            "status",
            "created_at",
            "expires_at",
            "revoked_at",
        )


class DelegationViews(Things):
    queryset = Delegation.objects.select_related("agent", "person")
    serializer_class = DelegationSerializer
