"""What an agent meets of its own approvals: the way to ask whether it may go on."""

from __future__ import annotations

from agents.models import Agent, Approval
from paybill_site.kernel import grants
from paybill_site.kernel.declarations import ModelTools


class ApprovalTools(ModelTools):
    model = Approval
    fields = (
        "tool",
        "target",
        "run",
        "state",
        "why",
        "outcome",
        "result",
        "created_at",
        "expires_at",
        "decided_at",
        "used_at",
    )
    filters = ("tool", "state", "state__in", "run")
    verbs = ("list", "get")


# By which the filter on an agent's own rows finds them.
grants.expose(Approval, ["agent", "behalf", "standing"])
grants.expose(Agent, ["id", "public_id"])
