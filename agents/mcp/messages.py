"""One JSON-RPC message from a request's body: strict, bounded, and never a batch."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from agents.mcp.errors import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ProtocolError,
)

LARGEST = 64 * 1024
DEEPEST = 32

type Id = str | int


class Malformed(ProtocolError):
    """The envelope is broken. ``id`` is the request's, where it could be read."""

    def __init__(self, message: str, id: Id | None = None) -> None:
        self.id = id
        super().__init__(INVALID_REQUEST, message)


@dataclass(frozen=True, slots=True)
class Message:
    """A request, or without ``id`` a notification."""

    method: str
    id: Id | None = None
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def meta(self) -> Any:
        return self.params.get("_meta")

    @property
    def progress_token(self) -> str | int | None:
        """Where progress is told to; None when nobody wants to be told."""
        token = self.meta.get("progressToken") if isinstance(self.meta, dict) else None
        fits = isinstance(token, str | int) and not isinstance(token, bool)
        return token if fits else None

    def text(self, name: str) -> str:
        """A parameter that has to be there. Raises ProtocolError."""
        value = self.params.get(name)
        if not isinstance(value, str):
            raise ProtocolError(INVALID_PARAMS, f"params.{name} is a string")
        return value

    def object(self, name: str) -> dict[str, Any]:
        """A parameter that may be absent. Raises ProtocolError."""
        value = self.params.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ProtocolError(INVALID_PARAMS, f"params.{name} is an object")
        return value


def read(body: bytes) -> Message:
    """The message in the body. Raises ProtocolError."""
    try:
        found = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_constant
        )
        # A lone surrogate is JSON and yet no text: nothing behind could store it.
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise ProtocolError(PARSE_ERROR, "the body is not JSON") from error
    if not isinstance(found, dict):
        raise Malformed("the body is one JSON-RPC message, not a batch")
    if _deeper(found, DEEPEST):
        raise Malformed(f"JSON is nested at most {DEEPEST} deep")
    return _message(found)


def _message(found: dict[str, Any]) -> Message:
    id = found.get("id")
    if "id" in found and (isinstance(id, bool) or not isinstance(id, str | int)):
        raise Malformed("id is a string or an integer")
    method, params = found.get("method"), found.get("params", {})
    if found.get("jsonrpc") != "2.0" or not isinstance(method, str):
        raise Malformed("the body is a request or a notification of JSON-RPC 2.0", id)
    if not isinstance(params, dict):
        raise Malformed("params is an object", id)
    return Message(method, id, params)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: readers would disagree on others."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return made


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _deeper(value: Any, levels: int) -> bool:
    rest = [value]
    for _ in range(levels):
        inside: list[Any] = []
        for one in rest:
            if isinstance(one, dict):
                inside += one.values()
            elif isinstance(one, list):
                inside += one
        rest = [one for one in inside if isinstance(one, dict | list)]
        if not rest:
            return False
    return True
