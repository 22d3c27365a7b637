"""What each method of the protocol answers, whichever registry stands behind it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.mcp import eras, headers, paging, states
from agents.mcp.eras import Client
from agents.mcp.errors import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    MissingCapability,
    ProtocolError,
    UnknownResource,
)
from agents.mcp.messages import Message
from agents.mcp.registry import Asked, Context, Outcome, Progress, Registry
from agents.mcp.registry import Task as TaskState
from paybill_site.kernel.actors import Actor

SERVER = {"name": "paybill", "title": "Paybill", "version": "0.1.0"}
CACHED_MS = 60_000
# What a client has to be able to, to be asked in this way.
ASKED_BY = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}
MOST_COMPLETIONS = 100
CALL = "tools/call"
# What results have since 2026-07-28.
NEW = {"resultType", "ttlMs", "cacheScope"}

type Result = dict[str, Any]
type Running = Generator[Progress, None, Result]


@dataclass(frozen=True, slots=True)
class Request:
    """One request on its way: who asks, by what client, for what, of which server."""

    registry: Registry
    actor: Actor
    client: Client
    message: Message
    sent: Mapping[str, str]


def answer(request: Request) -> Running:
    """The result of a request, progress on the way. Raises ProtocolError."""
    try:
        if request.message.method == CALL:
            return _told(request, (yield from _call(request)))
        known = MODERN if request.client.modern else LEGACY
        method = known.get(request.message.method)
        if method is None:
            raise ProtocolError(METHOD_NOT_FOUND, "Method not found")
        return _told(request, method(request))
    except UnknownResource as error:
        if not request.client.modern:
            error.code = RESOURCE_NOT_FOUND
        raise


def _told(request: Request, result: Result) -> Result:
    """The result as the client's revision has it."""
    if not request.client.modern:
        return {name: said for name, said in result.items() if name not in NEW}
    meta = {eras.SERVER_INFO: SERVER}
    return {"resultType": "complete", **result, "_meta": meta}


def _private(result: Result) -> Result:
    """What another caller would be told differently: kept by the client alone."""
    return {**result, "ttlMs": CACHED_MS, "cacheScope": "private"}


def _capabilities(modern: bool) -> dict[str, Any]:
    made: dict[str, Any] = {
        "tools": {},
        "resources": {},
        "prompts": {},
        "completions": {},
    }
    return {**made, "extensions": {eras.TASKS: {}}} if modern else made


def _discover(request: Request) -> Result:
    return _private(
        {
            "supportedVersions": list(eras.SUPPORTED),
            "capabilities": _capabilities(True),
            "instructions": request.registry.instructions(request.actor),
        }
    )


def _initialize(request: Request) -> Result:
    return {
        "protocolVersion": eras.negotiated(
            request.message.params.get("protocolVersion")
        ),
        "capabilities": _capabilities(False),
        "serverInfo": SERVER,
        "instructions": request.registry.instructions(request.actor),
    }


def _ping(request: Request) -> Result:
    return {}


def _list_tools(request: Request) -> Result:
    return _listed(request, "tools", request.registry.tools(request.actor), "name")


def _list_resources(request: Request) -> Result:
    found = request.registry.resources(request.actor)
    return _listed(request, "resources", found, "uri")


def _list_templates(request: Request) -> Result:
    found = request.registry.templates(request.actor)
    return _listed(request, "resourceTemplates", found, "uriTemplate")


def _list_prompts(request: Request) -> Result:
    found = request.registry.prompts(request.actor)
    return _listed(request, "prompts", found, "name")


def _listed(request: Request, name: str, found: Any, key: str) -> Result:
    shown, further = paging.page(found, key, request.actor, request.message)
    return _private({name: shown, **further})


def _call(request: Request) -> Generator[Progress, None, Result]:
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
    if isinstance(outcome, TaskState):
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


def _read(request: Request) -> Result:
    uri = request.message.text("uri")
    return _private({"contents": list(request.registry.read(request.actor, uri))})


def _get_prompt(request: Request) -> Result:
    message = request.message
    name, arguments = message.text("name"), message.object("arguments")
    context = _context(request)
    found = request.registry.prompt(request.actor, name, arguments, context)
    return _asked(request, found) if isinstance(found, Asked) else dict(found)


def _complete(request: Request) -> Result:
    message = request.message
    ref, about = message.object("ref"), message.object("argument")
    name, begun = about.get("name"), about.get("value")
    if not isinstance(name, str) or not isinstance(begun, str):
        raise ProtocolError(INVALID_PARAMS, "params.argument has a name and a value")
    found = list(request.registry.complete(request.actor, ref, name, begun))
    values = found[:MOST_COMPLETIONS]
    told = {"values": values, "total": len(found), "hasMore": len(found) > len(values)}
    return {"completion": told}


def _task(request: Request) -> TaskState:
    """The task that a request names, looked at as its caller. Raises ProtocolError."""
    if not request.client.extends(eras.TASKS):
        raise MissingCapability({"extensions": {eras.TASKS: {}}})
    return request.registry.task(request.actor, request.message.text("taskId"))


def _get_task(request: Request) -> Result:
    return _task(request).as_json()


def _update_task(request: Request) -> Result:
    _task(request)
    # Whatever is asked is asked before a task begins.
    raise ProtocolError(INVALID_PARAMS, "this task asked nothing")


def _cancel_task(request: Request) -> Result:
    request.registry.cancel(request.actor, _task(request).id)
    return {}


type Method = Callable[[Request], Result]

COMMON: dict[str, Method] = {
    "tools/list": _list_tools,
    "resources/list": _list_resources,
    "resources/templates/list": _list_templates,
    "resources/read": _read,
    "prompts/list": _list_prompts,
    "prompts/get": _get_prompt,
    "completion/complete": _complete,
}
MODERN: dict[str, Method] = {
    **COMMON,
    "server/discover": _discover,
    "tasks/get": _get_task,
    "tasks/update": _update_task,
    "tasks/cancel": _cancel_task,
}
LEGACY: dict[str, Method] = {**COMMON, "initialize": _initialize, "ping": _ping}
