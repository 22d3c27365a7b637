"""The gate that finds that a person has to agree, and the use of what one agreed to.

A call with an approval passes the gate when it is the very call that was approved. The
closing looks at what has really happened in the transaction: when that is other than
what was shown, nothing happens and the approval is void. Else it is used up, by an
UPDATE that still expects it approved, in the transaction of the effect.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from agents.approvals import bearers, happening
from agents.approvals.ending import settle
from agents.errors import ApprovalNeeded, NotApproved
from agents.models import Approval
from agents.states import ApprovalState
from agents.workflows.stepping import step_of
from paybill_site.kernel.actions import Call, Danger, closing, gate
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.acts import Act
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.workflows import Moment

HELD = "approval"
VOID = "approval_void"


@dataclass(frozen=True, slots=True)
class Held:
    """An approval that is being used, and what its call found."""

    approval: Approval
    found: happening.Found


@gate
def agreed(call: Call) -> None:
    """Let agents do what nobody has to agree to. Raises ApprovalNeeded, NotApproved."""
    if call.actor.kind is not Kind.AGENT:
        return
    if call.approval:
        call.notes[HELD] = _held(call)
        return
    why = needed(call)
    if why and not call.rehearsal:
        raise ApprovalNeeded(why, rule="approval")


def needed(call: Call) -> str:
    """Why a person has to agree to this call; "" when nobody has to."""
    taken = step_of(call)
    if taken is not None and taken.step.approval is not None:
        why = taken.step.approval(taken.moment)
        if why:
            return why
    if call.action.approval is not None:
        why = call.action.approval(_moment(call))
        if why:
            return why
    if call.action.danger is Danger.DESTRUCTIVE:
        return "it can not be undone"
    return ""


def _moment(call: Call) -> Moment:
    taken = step_of(call)
    if taken is not None:
        return taken.moment
    return Moment(call.target, call.target, call.data, call.actor)


def _held(call: Call) -> Held:
    rows = Approval.objects.visible_to(call.actor)
    found = rows.filter(public_id=call.approval) if is_id(call.approval) else None
    approval = found and found.select_for_update(of=("self",), no_key=True).first()
    if not approval:
        raise NotApproved("there is no such approval", rule="approval")
    if approval.state != ApprovalState.APPROVED:
        raise NotApproved(f"the approval is {approval.state}", rule="approval_state")
    if approval.expires_at <= timezone.now():
        raise NotApproved("the approval is over its time", rule="approval_expired")
    if why := bearers.withdrawn(approval):
        raise NotApproved(why, rule=VOID)
    if not _is_same_call(approval, call):
        raise NotApproved("the approval is for another call", rule="approval")
    call.facts["approval"] = {
        "id": approval.public_id,
        "digest": approval.digest,
        "by": approval.decided_by,
    }
    return Held(approval, happening.found(call))


def _is_same_call(approval: Approval, call: Call) -> bool:
    arguments = json.loads(approval.sealed)["data"]
    same = {
        "action": approval.action == call.action.name,
        "key": approval.key == call.key,
        "run": (approval.run.public_id if approval.run else "") == call.run,
        "target": call.target is None or approval.target == call.target_name(),
        "arguments": arguments == happening.arguments_of(call),
    }
    return all(same.values())


@closing
def use_up(call: Call, act: Act, result: Any) -> None:
    """Compare what happened with what was approved, and use the approval up."""
    held: Held | None = call.notes.get(HELD)
    if held is None:
        return
    approval = held.approval
    plan = happening.plan(call, act, result, held.found)
    if why := happening.other(approval.shown, approval.digest, plan):
        raise NotApproved(why, rule=VOID)
    approval.used_at = timezone.now()
    approval.result = call.action().present(result)
    approval.save(update_fields=["used_at", "result"])
    settle(approval, ApprovalState.USED)
