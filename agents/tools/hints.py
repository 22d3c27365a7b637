"""The four hints of a tool. They follow from the code, and a test runs every tool.

A tool that reads changes nothing but the record of the call and what it uses up of
limits; so it can be repeated. Of one that acts:

- destructive: unless it is safe and only adds: it makes a row, or says that it
  overwrites nothing of those that are there;
- idempotent: said again with the same arguments, *also under another key*, it changes
  nothing more; so is a step that its run, once past it, does not come back to. (Under
  the same key every call is done once; that is no hint.)
- open world: unless it says which events it sends, and nothing handles them.
"""

from __future__ import annotations

from paybill_site.kernel import events, workflows
from paybill_site.kernel.actions import AnyAction, Danger
from paybill_site.kernel.workflows import AnyWorkflow


def of(action: AnyAction | None) -> dict[str, bool]:
    """The hints of a tool that does this action; of one that reads without it."""
    return {
        "readOnlyHint": action is None,
        "destructiveHint": action is not None and not _adds_only(action),
        "idempotentHint": action is None or action.idempotent or _is_past(action),
        "openWorldHint": action is not None and _reaches_out(action),
    }


def _adds_only(action: AnyAction) -> bool:
    adds = action.creates or action.overwrites == frozenset()
    return action.danger is Danger.SAFE and adds


def _reaches_out(action: AnyAction) -> bool:
    if action.emits is None:
        return True
    return any(
        issubclass(event, handler.event)
        for event in action.emits
        for handler in events.handlers.values()
    )


def _is_past(action: AnyAction) -> bool:
    """Whether each run in which it is a step can not be where it was taken again."""
    flows = [workflows.registry[name] for name in workflows.bound.get(action, ())]
    return bool(flows) and not any(_comes_back(flow, action) for flow in flows)


def _comes_back(flow: AnyWorkflow, action: AnyAction) -> bool:
    steps = [step for step in flow.steps if step.action is action]
    starts = {state for step in steps for state in step.at}
    return any(not starts.isdisjoint(_after(flow, step.to)) for step in steps)


def _after(flow: AnyWorkflow, state: str) -> set[str]:
    """The states in which a run in this state can be found from now on."""
    found, left = set[str](), {state}
    while left:
        found |= left
        left = {then for one in left for then in flow.states[one]} - found
    return found
