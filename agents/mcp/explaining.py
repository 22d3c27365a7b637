"""Prompts: the workflows that an agent may start, told step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.mcp.errors import INVALID_PARAMS, ProtocolError
from agents.mcp.registry import Described
from agents.tools import offer
from paybill_site.kernel import workflows
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.workflows import AnyWorkflow, By, Step

START = "start_"


def prompts(actor: Actor) -> Sequence[Described]:
    """One for each workflow whose first tool is offered."""
    return [
        {
            "name": name,
            "title": name.replace("_", " ").capitalize(),
            "description": workflow.description(),
            "arguments": [
                {
                    "name": "id",
                    "description": f"public id of the {_noun(workflow)}",
                    "required": True,
                }
            ],
        }
        for name, workflow in _startable(actor).items()
    ]


def prompt(actor: Actor, name: str, arguments: Mapping[str, Any]) -> Described:
    """How to carry a workflow out on one row. Raises ProtocolError."""
    workflow = _startable(actor).get(name)
    if workflow is None:
        raise ProtocolError(INVALID_PARAMS, f"there is no prompt {name[:100]}")
    id = arguments.get("id")
    if not isinstance(id, str) or not is_id(id):
        raise ProtocolError(INVALID_PARAMS, "arguments.id is a public id")
    content = {"type": "text", "text": "\n".join(_words(name, workflow, id))}
    return {
        "description": workflow.description(),
        "messages": [{"role": "user", "content": content}],
    }


def _startable(actor: Actor) -> dict[str, AnyWorkflow]:
    """By the name of the prompt, in the order of names."""
    offered = {tool.name for tool in offer.tools_for(actor)}
    found = {name.partition(".")[2]: one for name, one in workflows.registry.items()}
    return {name: one for name, one in sorted(found.items()) if START + name in offered}


def _noun(workflow: AnyWorkflow) -> str:
    return str(workflow.model._meta.verbose_name)


def _words(name: str, workflow: AnyWorkflow, id: str) -> Iterator[str]:
    yield f"{workflow.description()} It is about the {_noun(workflow)} {id}."
    yield f"Begin with the tool {START}{name} and the id; its answer names the run."
    for guard in workflow.guards:
        yield f"- the rule {guard.rule} refuses it: {guard.says}"
    for step in workflow.steps:
        yield from _step(step)
    yield "A refusal names its rule. Do not look for a way around it."


def _step(step: Step) -> Iterator[str]:
    tool = step.action.name.rpartition(".")[2]
    mine = f"call {tool} with the run" if By.AGENT in step.by else "not yours to take"
    at = " or ".join(step.at)
    says = step.action.description()
    yield f"Step {step.name} (in {at}, then {step.to}; {mine}): {says}"
    for guard in step.guards:
        yield f"- the rule {guard.rule} refuses it: {guard.says}"
    if step.approval is not None:
        yield "- a person may have to agree first"
