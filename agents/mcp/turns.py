"""Calls and prompts: what may ask the user first, and goes on with the answer."""

from __future__ import annotations

from agents.mcp import headers, states
from agents.mcp.errors import INVALID_PARAMS, MissingCapability, ProtocolError
from agents.mcp.registry import Asked, Context, Outcome, Task
from agents.mcp.requests import Request, Result, Running

# What a client has to be able to, to be asked in this way.
ASKED_BY = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}


def call(request: Request) -> Running:
    """The outcome of a tool, progress on the way. Raises ProtocolError."""
    message = request.message
    name, arguments = message.text("name"), message.object("arguments")
    schema = request.registry.mirrored(name) if request.client.modern else {}
    if schema:
        headers.check_parameters(request.sent, schema, arguments)
    context = _context(request)
    outcome = yield from request.registry.call(request.actor, name, arguments, context)
    return _outcome(request, outcome)


def _context(request: Request) -> Context:
    """What the client answered to what it was asked before. Raises ProtocolError."""
    message, client = request.message, request.client
    watched = message.progress_token is not None
    if not client.modern:
        return Context(client, watched=watched)
    responses = message.object("inputResponses")
    if any(not isinstance(one, dict) for one in responses.values()):
        raise ProtocolError(INVALID_PARAMS, "inputResponses are results, by name")
    kept = states.unseal(request.actor, message)
    if kept is None:
        return Context(client, responses, watched=watched)
    states.spend(kept, message)
    return Context(client, responses, kept.facts, watched)


def _outcome(request: Request, outcome: Outcome) -> Result:
    if isinstance(outcome, Asked):
        return _asked(request, outcome)
    if isinstance(outcome, Task):
        return {"resultType": "task", **outcome.as_json()}
    return outcome.as_json()


def _asked(request: Request, asked: Asked) -> Result:
    """Ask only in the ways that the client can. Raises MissingCapability."""
    needed = {ASKED_BY[str(one["method"])] for one in asked.requests.values()}
    able = {name for name in needed if request.client.can(name)}
    if needed and not able:
        raise MissingCapability({name: {} for name in sorted(needed)})
    told: Result = {
        "resultType": "input_required",
        "inputRequests": {
            name: dict(one)
            for name, one in asked.requests.items()
            if ASKED_BY[str(one["method"])] in able
        },
    }
    if asked.state is not None:
        told["requestState"] = states.seal(request.actor, request.message, asked.state)
    return told


def prompt(request: Request) -> Result:
    """A prompt, or what has to be asked for it first. Raises ProtocolError."""
    message = request.message
    name, arguments = message.text("name"), message.object("arguments")
    context = _context(request)
    found = request.registry.prompt(request.actor, name, arguments, context)
    return _asked(request, found) if isinstance(found, Asked) else dict(found)
