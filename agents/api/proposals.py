"""What agents of the control plane propose, for operators' programs."""

from __future__ import annotations

from agents.models import Proposal
from paybill_site.kernel.rest import Row, Things


class ProposalSerializer(Row[Proposal]):
    class Meta:
        model = Proposal
        fields = (
            "id",
            "agent",
            "action",
            "target",
            "arguments",
            "why",
            "state",
            "created_at",
            "decided_by",
            "decided_at",
        )


class ProposalViews(Things):
    queryset = Proposal.objects.select_related("agent")
    serializer_class = ProposalSerializer
