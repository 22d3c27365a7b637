"""The user's own yes before something careful is done, where the client can ask.

1. The call is rehearsed, and the client is asked to show what would change. Bound to
   the question are caller, tool, arguments and key (``states``) and what was shown.
2. It comes back with the answer. What would happen now is rehearsed again: when it is
   something else than was shown, that is shown and asked anew.
3. Only then is the call made, under its idempotency key: so it has one effect, however
   often the answer is sent.

A client that cannot ask is not asked; what needs a person's agreement in any case is
an approval, and no client answers for that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from agents import dispatch
from agents.approvals import plans
from agents.mcp import refusing
from agents.mcp.registry import Asked, Context, Outcome
from agents.models import Approval
from agents.tools.catalogue import Tool
from paybill_site.kernel import audit, keys, planes
from paybill_site.kernel.actions import Danger
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import IdempotencyKey

CONFIRM = "confirm"
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


def ask(
    actor: Actor, tool: Tool, arguments: Mapping[str, Any], context: Context
) -> Outcome | None:
    """What to ask, or why not; None when this very thing was agreed to.

    Raises PaybillError, as the call itself would.
    """
    said = _answer(context)
    if context.state is not None and said is False:
        declined = Declined(rule="confirmation")
        _record(actor, tool, declined)
        return refusing.told(declined)
    shown = dispatch.call(actor, tool.name, arguments, dry_run=True).result
    plan = _plan(actor, tool, shown)
    if context.state is not None and said:
        before = context.state["shown"]
        now = plans.in_terms_of(before, plan)
        if not plans.difference(before, now):
            return None
    form = {
        "mode": "form",
        "message": _message(tool, shown),
        "requestedSchema": FORM,
    }
    asked = {CONFIRM: {"method": "elicitation/create", "params": form}}
    return Asked(asked, {"shown": plan.shown()})


def _plan(actor: Actor, tool: Tool, shown: Mapping[str, Any]) -> plans.Plan:
    """What was shown, to be compared: caller and arguments are bound by the state."""
    return plans.Plan(
        who=plans.who(actor),
        action=tool.label,
        arguments="",
        target="",
        version="",
        step=(),
        at=timezone.now(),
        changes=tuple(json.loads(json.dumps(shown["changes"], default=str))),
        events=plans.events_of(json.loads(json.dumps(shown["events"], default=str))),
    )


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


def _message(tool: Tool, shown: Mapping[str, Any]) -> str:
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
    return "\n".join(lines)


def _line(change: Mapping[str, Any]) -> str:
    before, after = _plain(change.get("before")), _plain(change.get("after"))
    return f"- {change.get('row')} {change.get('field', '')}: {before} -> {after}"


def _plain(value: Any) -> str:
    """A value on one line: stored text can not pass for a line of ours."""
    text = "nothing" if value in (None, "") else str(value)
    return ODD.sub(" ", text)[:LONGEST]
