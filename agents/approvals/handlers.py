"""What follows when a person agreed, and when nobody did in time."""

from __future__ import annotations

import json

from django.utils import timezone

from agents import auth, dispatch
from agents.actions.approvals import ExpireApproval
from agents.approvals import asking, bearers
from agents.approvals.ending import OPEN
from agents.events import ApprovalDue, ApprovalGranted
from agents.models import Approval
from agents.states import ApprovalState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.events import handles


@handles(ApprovalGranted, in_tenants=True)
def use(event: ApprovalGranted, delivery_id: str) -> None:
    """Make the call as the agent that asked, with everything checked once more.

    Repeated, it finds the approval used, or the answer stored under the call's key.
    """
    rows = Approval.objects.filter(public_id=event.approval)
    approval = rows.filter(state=ApprovalState.APPROVED).first()
    if approval is None:
        return
    given = json.loads(approval.sealed)["given"]
    try:
        dispatch.call(
            auth.again(bearers.id_of(approval.via)),
            approval.tool,
            given,
            key=approval.key,
            approval=approval.public_id,
        )
    except PaybillError as refusal:
        if not refusal.permanent:
            raise
        rule = refusal.members.get("rule", refusal.code)
        asking.void(approval.public_id, f"{refusal.detail} ({rule})")


@handles(ApprovalDue, in_tenants=True)
def expire(event: ApprovalDue, delivery_id: str) -> None:
    """End an approval whose time is over."""
    rows = Approval.objects.filter(public_id=event.approval, state__in=OPEN)
    approval = rows.filter(expires_at__lte=timezone.now()).first()
    if approval is not None:
        perform(ExpireApproval, approval, None, actor=asking.ME, key=delivery_id)
