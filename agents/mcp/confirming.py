"""The user's own yes before something careful is done, where the client can ask.

1. The call is rehearsed, and the client is asked to show what would change. Bound to
   the question are caller, tool, arguments and key (``states``) and what would happen.
2. It comes back with the answer. The call is made under its idempotency key, so it has
   one effect, however often the answer is sent; and it is held to what was shown
   (``agreeing``), in the transaction of the effect.
3. When something else would have happened than was shown, nothing has: the refusal is
   on record, and what would happen now is shown and asked anew, under the same key.

A client that cannot ask is not asked; what needs a person's agreement in any case is
an approval, and no client answers for that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agents import dispatch
from agents.answers import Answer
from agents.mcp import agreeing
from agents.mcp.agreeing import Agreement, NotAsShown, Watch
from agents.mcp.registry import Asked, Context
from agents.models import Approval
from agents.tools.catalogue import Tool
from paybill_site.kernel import audit, keys, planes
from paybill_site.kernel.actions import Danger
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import IdempotencyKey

CONFIRM = "confirm"
ANEW = "What would happen is no longer what you were shown. Nothing was done yet."
MOST_CHANGES, LONGEST = 30, 200
FORM = {
    "type": "object",
    "properties": {
        CONFIRM: {"type": "boolean", "title": "Do it", "default": False},
    },
    "required": [CONFIRM],
}
ODD = re.compile(r"[^\x20-\x7e\u00a0-\ud7ff\ue000-\uffef\U00010000-\U0010ffff]")


class Declined(PaybillError):
    """The user said no: nothing was done."""

    status = 403


def wanted(actor: Actor, tool: Tool, key: str, context: Context) -> bool:
    """Whether the user is asked: the tool is careful, and the client can ask.

    Nobody is asked about what is refused for its key, or what was done (or laid before
    a person) under it already: a repeat does nothing more.
    """
    if tool.action is None or not context.client.can("elicitation"):
        return False
    if tool.action.danger is Danger.SAFE or not dispatch.KEY.fullmatch(key):
        return False
    done = IdempotencyKey.objects.filter(principal=keys.owner(actor), key=key)
    asked = Approval.objects.visible_to(actor).filter(key=key)
    return not done.exists() and not asked.exists()


def agreed(actor: Actor, tool: Tool, context: Context) -> Agreement | None:
    """What the user said yes to, None when that has to be asked. Raises Declined."""
    said = _answer(context)
    if context.state is None or said is None:
        return None
    if not said:
        declined = Declined(rule="confirmation")
        _record(actor, tool, declined)
        raise declined
    return agreeing.kept(context.state["shown"])


def ask(
    actor: Actor, tool: Tool, arguments: Mapping[str, Any], *, anew: bool = False
) -> Asked:
    """The question, with what would happen. Raises PaybillError, as the call would."""
    with agreeing.watching(Watch()) as watch:
        shown = dispatch.call(actor, tool.name, arguments, dry_run=True).result
    form = {
        "mode": "form",
        "message": "\n".join([*([ANEW] if anew else []), *_message(tool, shown)]),
        "requestedSchema": FORM,
    }
    asked = {CONFIRM: {"method": "elicitation/create", "params": form}}
    return Asked(asked, {"shown": agreeing.keep(watch.plan)})


def done(
    actor: Actor,
    tool: Tool,
    arguments: Mapping[str, Any],
    key: str,
    agreement: Agreement,
) -> Answer | Asked:
    """The call as it was agreed to, or the question anew. Raises PaybillError."""
    try:
        with agreeing.watching(Watch(agreement)):
            return dispatch.call(actor, tool.name, arguments, key=key)
    except NotAsShown:
        return ask(actor, tool, arguments, anew=True)


def _record(actor: Actor, tool: Tool, refusal: Declined) -> None:
    with planes.atomic():
        audit.append(
            planes.here().tenant or "agents",
            action=tool.label,
            actor=actor.id,
            target=f"tool:{tool.name}",
            outcome="denied",
            facts={
                "rule": "confirmation",
                "why": refusal.detail,
                "via": actor.via,
                "scopes": sorted(actor.scopes or ()),
            },
        )


def _answer(context: Context) -> bool | None:
    """What the user said; None when the client brought no answer."""
    response = context.responses.get(CONFIRM)
    if not isinstance(response, Mapping):
        return None
    content = response.get("content")
    ticked = isinstance(content, Mapping) and content.get(CONFIRM) is True
    return response.get("action") == "accept" and ticked


def _message(tool: Tool, shown: Mapping[str, Any]) -> list[str]:
    """What would happen, line by line, for a person to read."""
    lines = [f"{tool.description.rstrip('.')}? This would change:"]
    changes = shown["changes"]
    lines += [_line(change) for change in changes[:MOST_CHANGES]]
    if not changes:
        lines.append("- nothing that is stored")
    if len(changes) > MOST_CHANGES:
        lines.append(f"- and {len(changes) - MOST_CHANGES} more fields")
    names = sorted({str(event["name"]) for event in shown["events"]})
    if names:
        lines.append(f"And it would tell: {', '.join(names)}.")
    return lines


def _line(change: Mapping[str, Any]) -> str:
    before, after = _plain(change.get("before")), _plain(change.get("after"))
    return f"- {change.get('row')} {change.get('field', '')}: {before} -> {after}"


def _plain(value: Any) -> str:
    """A value on one line: stored text can not pass for a line of ours."""
    text = "nothing" if value in (None, "") else str(value)
    return ODD.sub(" ", text)[:LONGEST]
