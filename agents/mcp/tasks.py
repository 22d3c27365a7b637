"""What goes on without its caller: looked at, and taken back."""

from __future__ import annotations

from agents.mcp import eras
from agents.mcp.errors import INVALID_PARAMS, MissingCapability, ProtocolError
from agents.mcp.registry import Task
from agents.mcp.requests import Request, Result


def _named(request: Request) -> Task:
    """The task that a request names, looked at as its caller. Raises ProtocolError."""
    if not request.client.extends(eras.TASKS):
        raise MissingCapability({"extensions": {eras.TASKS: {}}})
    return request.registry.task(request.actor, request.message.text("taskId"))


def get(request: Request) -> Result:
    return _named(request).as_json()


def update(request: Request) -> Result:
    _named(request)
    # Whatever is asked is asked before a task begins.
    raise ProtocolError(INVALID_PARAMS, "this task asked nothing")


def cancel(request: Request) -> Result:
    request.registry.cancel(request.actor, _named(request).id)
    return {}
