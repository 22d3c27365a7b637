"""What the frame of a tenant's pages shows of its agents."""

from __future__ import annotations

from typing import Any

from django import template

from agents.models import Approval
from agents.states import ApprovalState
from paybill_site.kernel import actors

register = template.Library()


@register.simple_tag(takes_context=True)
def approvals_waiting(context: dict[str, Any]) -> int | None:
    """How many approvals wait; None for whoever does not decide on them."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return None
    actor = actors.of_request(request)
    if not actor.may("agents.decide_approval"):
        return None
    rows = Approval.objects.visible_to(actor)
    return int(rows.filter(state=ApprovalState.WAITING).count())
