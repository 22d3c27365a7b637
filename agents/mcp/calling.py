"""Tools as a client of the protocol meets them, and one call of one of them.

The protocol has no idempotency key, and a client repeats a broken call under a new id:
so a tool that acts takes the key as an argument. A repeat with the same arguments is
then the same call by itself. ``dry_run`` is an argument, too, and what such a tool
returns says which of the four things happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from agents import dispatch
from agents.answers import Answer
from agents.errors import NotGranted, UnknownTool
from agents.mcp import confirming, refusing, waiting
from agents.mcp.eras import TASKS
from agents.mcp.errors import InsufficientScope
from agents.mcp.errors import UnknownTool as Unknown
from agents.mcp.registry import Asked, Content, Context, Outcome, Progress, Steps
from agents.tools import offer
from agents.tools.catalogue import Tool, tools_here
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError, Unauthenticated

KEY, DRY_RUN = "idempotency_key", "dry_run"
OUTCOMES = ("done", "repeated", "dry_run", "awaiting_approval")
EXTRA: dict[str, Any] = {
    KEY: {
        "type": "string",
        "pattern": "^[!-~]{1,200}$",
        "description": "new for each thing that shall happen; the same in a repeat",
    },
    DRY_RUN: {
        "type": "boolean",
        "default": False,
        "description": "show what would change, and change nothing",
    },
}
CHANGE: dict[str, Any] = {
    "type": "object",
    "properties": {"row": {"type": "string"}, "field": {"type": "string"}},
    "required": ["row"],
    "description": "a field before and after, of the row model:id",
}


def described(tool: Tool) -> dict[str, Any]:
    """A tool for ``tools/list``. Raises ValueError where an argument has our name."""
    told = tool.described()
    if tool.reads:
        return told
    taken = told["inputSchema"]
    if EXTRA.keys() & taken["properties"].keys():
        raise ValueError(f"{tool.name}: an argument is called {KEY} or {DRY_RUN}")
    schema = {
        **taken,
        "properties": {**taken["properties"], **EXTRA},
        "required": [*taken.get("required", ()), KEY],
    }
    return {**told, "inputSchema": schema, "outputSchema": _enveloped(told)}


def _enveloped(told: dict[str, Any]) -> dict[str, Any]:
    inside = dict(told["outputSchema"])
    dialect, defs = inside.pop("$schema", None), inside.pop("$defs", None)
    made: dict[str, Any] = {
        "type": "object",
        "properties": {
            "outcome": {"enum": list(OUTCOMES)},
            "result": inside,
            "changes": {"type": "array", "items": CHANGE},
            "events": {"type": "array", "items": {"type": "object"}},
            "approval": {"type": "string", "description": "id to poll get_approval by"},
        },
        "required": ["outcome"],
        "additionalProperties": False,
    }
    return {
        **({"$schema": dialect} if dialect else {}),
        **made,
        **({"$defs": defs} if defs else {}),
    }


def call(actor: Actor, name: str, given: dict[str, Any], context: Context) -> Steps:
    """Call a tool. Raises ProtocolError for an unknown one, and InsufficientScope."""
    tool = tools_here().get(name)
    arguments, key, dry = _parted(tool, given)
    made: Answer | Asked
    try:
        if tool is None or dry or not confirming.wanted(actor, tool, key, context):
            yield from _admitted(actor, name, context)
            made = dispatch.call(actor, name, arguments, key=key, dry_run=dry)
        elif (agreed := confirming.agreed(actor, tool, context)) is None:
            return confirming.ask(actor, tool, arguments)
        else:
            yield from _admitted(actor, name, context)
            made = confirming.done(actor, tool, arguments, key, agreed)
        outcome = _outcome(actor, tool, made, context)
    except PaybillError as refusal:
        return _refused(actor, name, refusal)
    yield Progress(1, 1, "answered")
    return outcome


def _admitted(actor: Actor, name: str, context: Context) -> Iterator[Progress]:
    """Tell that the call is let in; a refusal is recorded and told by the call."""
    if context.watched:
        with suppress(PaybillError):
            offer.admitted(actor, name)
            yield Progress(0, 1, "admitted")


def _parted(
    tool: Tool | None, given: dict[str, Any]
) -> tuple[dict[str, Any], str, bool]:
    """The tool's own arguments, the key and whether it is for show.

    What does not fit stays among the arguments, where it is refused and recorded.
    """
    arguments = dict(given)
    if tool is None or tool.reads:
        return arguments, "", False
    key = arguments.pop(KEY) if isinstance(arguments.get(KEY), str) else ""
    dry = arguments.pop(DRY_RUN) if isinstance(arguments.get(DRY_RUN), bool) else False
    return arguments, key, dry


def _outcome(
    actor: Actor, tool: Tool | None, answer: Answer | Asked, context: Context
) -> Outcome:
    if isinstance(answer, Asked):
        return answer
    if tool is None or tool.reads:
        return Content.of(answer.result)
    if answer.approval:
        if context.client.extends(TASKS):
            return waiting.task(actor, answer.approval)
        return waiting.told(answer.approval)
    if answer.dry_run:
        return Content.of({"outcome": "dry_run", **answer.result})
    done = "repeated" if answer.repeated else "done"
    return Content.of({"outcome": done, "result": answer.result})


def _refused(actor: Actor, name: str, refusal: PaybillError) -> Content:
    """A refusal as content that says what to do, or raised where it is no call."""
    if isinstance(refusal, Unauthenticated):
        raise refusal
    if isinstance(refusal, UnknownTool):
        raise Unknown(name) from refusal
    if isinstance(refusal, NotGranted):
        raise _turned_away(actor, name) from refusal
    return refusing.told(refusal)


def _turned_away(actor: Actor, name: str) -> Exception:
    """A tool that the agent may use with another token; any other is unknown."""
    try:
        tool = offer.admitted(replace(actor, scopes=None), name)
    except PaybillError:
        return Unknown(name)
    lacking = [one for one in offer.needed(tool) if not actor.in_scope(one)]
    return InsufficientScope(offer.needed(tool)) if lacking else Unknown(name)
