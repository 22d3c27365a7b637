"""A call of a tool that acts: performed, rehearsed, or left for a person to approve.

Admission, bindings, egress and the arguments' schema are behind it (``dispatch``); the
reservation of limits and the workflow's guards are gates inside ``perform``.
"""

from __future__ import annotations

from typing import Any

from agents.answers import Answer
from agents.tools.catalogue import Tool
from paybill_site.kernel.actions import Input, perform, rehearse
from paybill_site.kernel.actors import Actor


def act(
    tool: Tool,
    asked: Input,
    actor: Actor,
    *,
    key: str = "",
    dry_run: bool = False,
    approval: str = "",
) -> Answer:
    """Do what an acting tool does. Raises PaybillError, recorded by ``perform``."""
    action: Any = tool.action
    data = asked.model_dump(mode="json")
    target = None if action.creates else data.pop("id")
    if dry_run:
        shown = rehearse(action, target, data, actor=actor)
        result = {
            "result": shown.output,
            "changes": list(shown.changes),
            "events": list(shown.events),
        }
        return Answer(result, dry_run=True)
    done = perform(action, target, data, actor=actor, key=key, approval=approval)
    return Answer(done.output, repeated=done.repeated)
