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

from agents.approvals import bearers, plans
from agents.approvals.ending import settle
from agents.errors import ApprovalNeeded, NotApproved
from agents.models import Approval
from agents.states import ApprovalState
from agents.workflows.stepping import step_of
from paybill_site.kernel import rehearsals
from paybill_site.kernel.actions import Call, Danger, closing, gate
from paybill_site.kernel.actors import Kind
from paybill_site.kernel.acts import Act
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.schemas import snapshot
from paybill_site.kernel.workflows import Moment

HELD = "approval"
VOID = "approval_void"


@dataclass(frozen=True, slots=True)
class Held:
    """An approval that is being used; target and run as they were found."""

    approval: Approval
    place: tuple[str, ...]
    version: str
    before: dict[str, Any]


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


def arguments_of(call: Call) -> str:
    """The parsed input as text that does not depend on how it was written."""
    return json.dumps(call.data.model_dump(mode="json"), sort_keys=True)


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
    before = {} if call.target is None else snapshot(call.target)
    place = plans.place_of(step_of(call))
    return Held(approval, place, plans.version_of(call.target), before)


def _is_same_call(approval: Approval, call: Call) -> bool:
    same = {
        "action": approval.action == call.action.name,
        "key": approval.key == call.key,
        "run": (approval.run.public_id if approval.run else "") == call.run,
        "target": call.target is None or approval.target == call.target_name(),
        "arguments": json.loads(approval.sealed)["data"] == arguments_of(call),
    }
    return all(same.values())


@closing
def use_up(call: Call, act: Act, result: Any) -> None:
    """Compare what happened with what was approved, and use the approval up."""
    held: Held | None = call.notes.get(HELD)
    if held is None:
        return
    approval = held.approval
    plan = plans.in_terms_of(approval.shown, _happened(call, act, result, held))
    if plan.digest() != approval.digest:
        why = plans.difference(approval.shown, plan) or "something is other than shown"
        raise NotApproved(why, rule=VOID)
    approval.used_at = timezone.now()
    approval.result = call.action().present(result)
    approval.save(update_fields=["used_at", "result"])
    settle(approval, ApprovalState.USED)


def _happened(call: Call, act: Act, result: Any, held: Held) -> plans.Plan:
    changed = rehearsals.changes(act.rows, call.target, held.before, result)
    events = [{"name": e.name, **e.model_dump(mode="json")} for e in act.events]
    return plans.Plan(
        who=plans.who(call.actor),
        action=call.action.name,
        arguments=arguments_of(call),
        target=held.approval.target,
        version=held.version,
        step=held.place,
        at=timezone.now(),
        changes=tuple(json.loads(json.dumps(changed, default=str))),
        events=plans.events_of(events),
    )
