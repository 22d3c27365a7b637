"""How an approval comes to another state: what all actions on it share."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from agents.events import ApprovalEnded
from agents.models import Approval, WorkflowRun
from agents.states import APPROVAL_MOVES, ApprovalState, RunStatus
from agents.workflows.opening import machine as runs
from paybill_site.kernel.events import emit
from paybill_site.kernel.states import Machine

machine = Machine("approval", APPROVAL_MOVES)
OPEN = (ApprovalState.WAITING, ApprovalState.APPROVED)


def settle(approval: Approval, state: ApprovalState, why: str = "") -> None:
    """Move an approval that is in nobody's way any more. Inside an action.

    Raises IllegalMove, and Conflict when somebody else was quicker.
    """
    # Nobody needs the arguments any more but to tell whether a call is the same one.
    sealed = keyed(approval.sealed)
    machine.move(approval, state, reason=why, outcome=why[:300], sealed=sealed)
    emit(ApprovalEnded(approval=approval.public_id, state=state))
    if approval.run_id is not None and state != ApprovalState.USED:
        _go_on(approval.run_id)


def keyed(text: str) -> str:
    """A digest that tells nothing about a short secret."""
    return salted_hmac("agents.sealed", text, algorithm="sha256").hexdigest()


def revoke_all(run: WorkflowRun, why: str) -> None:
    """Take back what waits or was approved for a run that ends. Inside an action."""
    rows = Approval.objects.filter(run=run, state__in=OPEN).order_by("pk")
    for approval in rows.select_for_update(no_key=True):
        settle(approval, ApprovalState.REVOKED, why)


def void_others(run: WorkflowRun, used: str) -> None:
    """What was shown of a run that goes on is no longer what would happen."""
    rows = Approval.objects.filter(run=run, state__in=OPEN).exclude(public_id=used)
    for approval in rows.order_by("pk").select_for_update(no_key=True):
        settle(approval, ApprovalState.VOID, "the run has gone on")


def _go_on(run: int) -> None:
    """The run waits for nobody any more, when this was the last one."""
    if Approval.objects.filter(run=run, state__in=OPEN).exists():
        return
    waiting = WorkflowRun.objects.filter(pk=run, status=RunStatus.WAITING).first()
    if waiting is not None:
        runs.move(waiting, RunStatus.ACTIVE, field="status")
