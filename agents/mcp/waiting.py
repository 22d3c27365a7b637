"""Approvals as the protocol's tasks: the name of one is no right to see it.

Each look is a call of ``get_approval`` and each cancellation one of
``withdraw_approval``, with the caller's own rights, and on record as such.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agents import dispatch
from agents.mcp import refusing
from agents.mcp.errors import UnknownTask
from agents.mcp.registry import Content, Task
from agents.states import ApprovalState
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, NotFound, PaybillError

LOOK, WITHDRAW = "get_approval", "withdraw_approval"
STATUSES = {
    ApprovalState.WAITING: "working",
    ApprovalState.APPROVED: "working",
    ApprovalState.REVOKED: "cancelled",
}
SAYS = {
    ApprovalState.WAITING: "a person has to agree first",
    ApprovalState.APPROVED: "a person agreed; it is being done",
    ApprovalState.USED: "a person agreed, and it was done",
    ApprovalState.REFUSED: "a person said no",
    ApprovalState.VOID: "it is no longer what was asked for",
    ApprovalState.EXPIRED: "nobody decided in time",
    ApprovalState.REVOKED: "it was taken back",
}


class NotDone(PaybillError):
    """What a person had to agree to was not done."""

    status = 403


def told(approval: str) -> Content:
    """For a client without tasks: what it waits for, and how to look."""
    value = {"outcome": "awaiting_approval", "approval": approval}
    words = (
        f"A person has to agree first; nothing has happened yet. Poll {LOOK} with the "
        f"id {approval} now and then, or repeat this call with the same arguments."
    )
    copy = Content.of(value)
    return Content(({"type": "text", "text": words}, *copy.blocks), value)


def task(actor: Actor, id: str) -> Task:
    """The approval as its caller may see it. Raises UnknownTask."""
    row = _look(actor, id)
    state = ApprovalState(row["state"])
    created, expires = row["created_at"], row["expires_at"]
    lives = datetime.fromisoformat(expires) - datetime.fromisoformat(created)
    return Task(
        id=id,
        status=STATUSES.get(state, "completed"),
        created=created,
        updated=row["used_at"] or row["decided_at"] or created,
        lives_ms=int(lives.total_seconds() * 1000),
        says=SAYS[state],
        result=_result(row, state),
    )


def cancel(actor: Actor, id: str) -> None:
    """Withdraw it where that is still possible; one that is over stays as it is."""
    try:
        dispatch.call(actor, WITHDRAW, {"id": id}, key=f"tasks/cancel:{id}")
    except IllegalMove:
        return
    except NotFound as missing:
        raise UnknownTask from missing


def _look(actor: Actor, id: str) -> dict[str, Any]:
    try:
        return dispatch.call(actor, LOOK, {"id": id}).result
    except PaybillError as refusal:
        raise UnknownTask from refusal


def _result(row: dict[str, Any], state: ApprovalState) -> Content | None:
    if state == ApprovalState.USED:
        return Content.of({"outcome": "done", "result": row["result"] or {}})
    if state in STATUSES:
        return None
    why = row["outcome"] or SAYS[state]
    return refusing.told(NotDone(why, rule=f"approval_{state}"))
