"""A call of a tool that acts: performed, rehearsed, or left for a person to approve.

Admission, bindings, egress and the arguments' schema are behind it (``dispatch``); the
reservation of limits, the workflow's guards and the need for an approval are gates
inside ``perform``. A step of a workflow names its run; where the run's row is what the
step acts on, the call has no ``id`` of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.answers import Answer
from agents.approvals import asking, using
from agents.approvals.asking import Wish
from agents.errors import ApprovalNeeded, NotApproved
from agents.models import WorkflowRun
from agents.tools import changes
from agents.tools.catalogue import Tool
from paybill_site.kernel.actions import Input, perform, rehearse
from paybill_site.kernel.actors import Actor


def act(  # noqa: PLR0913 - what a call consists of
    tool: Tool,
    asked: Input,
    actor: Actor,
    *,
    given: Mapping[str, Any] | None = None,
    key: str = "",
    dry_run: bool = False,
    approval: str = "",
) -> Answer:
    """Do what an acting tool does. Raises PaybillError, recorded by ``perform``.

    ``given`` are the arguments as the caller gave them, before anything was fixed.
    """
    wish = _wish(tool, asked, actor, given, key)
    if dry_run:
        return _dry(wish)
    try:
        done = perform(
            wish.action,
            wish.target,
            dict(wish.data),
            actor=actor,
            key=key,
            approval=approval,
            run=wish.run,
        )
    except ApprovalNeeded as needed:
        return Answer({}, approval=asking.ask(wish, needed.detail))
    except NotApproved as refusal:
        if refusal.members.get("rule") == using.VOID:
            asking.void(approval, refusal.detail)
        raise
    return Answer(done.output, repeated=done.repeated)


def _wish(
    tool: Tool,
    asked: Input,
    actor: Actor,
    given: Mapping[str, Any] | None,
    key: str,
) -> Wish:
    action: Any = tool.action
    data = asked.model_dump(mode="json")
    # What an action calls ``run`` itself stays its own.
    run = "" if "run" in action.Input.model_fields else str(data.pop("run", ""))
    target = None
    if not action.creates:
        target = data.pop("id") if "id" in data else _subject(run, actor)
    return Wish(
        tool=tool.name,
        given=asked.model_dump(mode="json") if given is None else given,
        action=action,
        target=target,
        data=data,
        actor=actor,
        key=key,
        run=run,
    )


def _subject(run: str, actor: Actor) -> str:
    """The id of the run's row; "" finds nothing, and is refused and recorded so."""
    found = WorkflowRun.objects.visible_to(actor).filter(public_id=run).first()
    return found.subject.rpartition(":")[2] if found else ""


def _dry(wish: Wish) -> Answer:
    shown = rehearse(
        wish.action, wish.target, dict(wish.data), actor=wish.actor, run=wish.run
    )
    told = changes.shown_to(wish.actor, shown.changes)
    result = {
        "result": shown.output,  # as declared, and no more than the call would answer
        "changes": told,
        "events": changes.events_to(shown.events, told, (wish.given, shown.output)),
    }
    return Answer(result, dry_run=True)
