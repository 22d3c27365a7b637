"""What each method of the protocol answers, whichever registry stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agents.mcp import eras, paging, tasks, turns
from agents.mcp.errors import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    RESOURCE_NOT_FOUND,
    ProtocolError,
    UnknownResource,
)
from agents.mcp.requests import Request, Result, Running

SERVER = {"name": "paybill", "title": "Paybill", "version": "0.1.0"}
CACHED_MS = 60_000
MOST_COMPLETIONS = 100
CALL = "tools/call"
# What results have since 2026-07-28.
NEW = {"resultType", "ttlMs", "cacheScope"}


def answer(request: Request) -> Running:
    """The result of a request, progress on the way. Raises ProtocolError."""
    try:
        if request.message.method == CALL:
            return _told(request, (yield from turns.call(request)))
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


def _read(request: Request) -> Result:
    uri = request.message.text("uri")
    return _private({"contents": list(request.registry.read(request.actor, uri))})


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


type Method = Callable[[Request], Result]

COMMON: dict[str, Method] = {
    "tools/list": _list_tools,
    "resources/list": _list_resources,
    "resources/templates/list": _list_templates,
    "resources/read": _read,
    "prompts/list": _list_prompts,
    "prompts/get": turns.prompt,
    "completion/complete": _complete,
}
MODERN: dict[str, Method] = {
    **COMMON,
    "server/discover": _discover,
    "tasks/get": tasks.get,
    "tasks/update": tasks.update,
    "tasks/cancel": tasks.cancel,
}
LEGACY: dict[str, Method] = {**COMMON, "initialize": _initialize, "ping": _ping}
