"""JSON-RPC errors of the protocol, with the HTTP status that goes with each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
RESOURCE_NOT_FOUND = -32002  # until 2025-11-25; later it is INVALID_PARAMS
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

STATUSES = {METHOD_NOT_FOUND: 404, INTERNAL_ERROR: 500}


class ProtocolError(Exception):
    """The request is answered with a JSON-RPC error; nothing was called."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        self.code, self.message, self.data = code, message, data
        super().__init__(message)

    @property
    def status(self) -> int:
        return STATUSES.get(self.code, 400)

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"code": self.code, "message": self.message}
        return told if self.data is None else {**told, "data": self.data}


class UnknownTool(ProtocolError):
    """There is no such tool for this caller; a hidden one is unknown, too."""

    def __init__(self, name: str) -> None:
        super().__init__(INVALID_PARAMS, f"Unknown tool: {name[:128]}")


class UnknownResource(ProtocolError):
    """There is no such resource for this caller."""

    def __init__(self, uri: str) -> None:
        super().__init__(INVALID_PARAMS, "Resource not found", {"uri": uri[:500]})


class UnknownTask(ProtocolError):
    """There is no such task of this caller's."""

    def __init__(self) -> None:
        super().__init__(INVALID_PARAMS, "Task not found")


class MissingCapability(ProtocolError):
    """This needs something that the client did not say it can."""

    def __init__(self, needed: dict[str, Any]) -> None:
        super().__init__(
            MISSING_CAPABILITY,
            "Missing required client capability",
            {"requiredCapabilities": needed},
        )


class InsufficientScope(Exception):
    """The agent may use the tool, this token may not: another one would do."""

    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = tuple(sorted(scopes))
        super().__init__(f"the token lacks {', '.join(self.scopes)}")
