"""The four hints of a tool. They follow from the code, and a test runs every tool.

A tool that reads changes nothing but the record of the call and what it uses up of
limits; so it can be repeated. Of one that acts:

- destructive: unless it is safe and says what of existing rows it overwrites;
- idempotent: said again with the same arguments, *also under another key*, it changes
  nothing more. (Under the same key every call is done once; that is no hint.)
- open world: unless it says which events it sends, and nothing handles them.
"""

from __future__ import annotations

from paybill_site.kernel import events
from paybill_site.kernel.actions import AnyAction, Danger


def of(action: AnyAction | None) -> dict[str, bool]:
    """The hints of a tool that does this action; of one that reads without it."""
    return {
        "readOnlyHint": action is None,
        "destructiveHint": action is not None and not _adds_only(action),
        "idempotentHint": action is None or action.idempotent,
        "openWorldHint": action is not None and _reaches_out(action),
    }


def _adds_only(action: AnyAction) -> bool:
    told = action.creates or action.overwrites is not None
    return action.danger is Danger.SAFE and told


def _reaches_out(action: AnyAction) -> bool:
    if action.emits is None:
        return True
    return any(
        issubclass(event, handler.event)
        for event in action.emits
        for handler in events.handlers.values()
    )
