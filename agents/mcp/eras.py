"""Which revision a request speaks, and what its client can.

A request that carries the protocol's ``_meta`` is of 2026-07-28 and stands alone. Any
other is of the time in which a client first said ``initialize``; it is answered
without a session, so what such a client can is not known when it calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.mcp import headers
from agents.mcp.errors import INVALID_PARAMS, UNSUPPORTED_VERSION, ProtocolError
from agents.mcp.messages import Message

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18")
SUPPORTED = (MODERN, *LEGACY)

PREFIX = "io.modelcontextprotocol/"
VERSION, CAPABILITIES = f"{PREFIX}protocolVersion", f"{PREFIX}clientCapabilities"
SERVER_INFO = f"{PREFIX}serverInfo"
TASKS = f"{PREFIX}tasks"


@dataclass(frozen=True, slots=True)
class Client:
    """What the sender of one request speaks and can; nothing of it is proven."""

    version: str
    capabilities: Mapping[str, Any] = field(default_factory=dict)

    @property
    def modern(self) -> bool:
        return self.version == MODERN

    def can(self, capability: str) -> bool:
        """Whether it declared ``elicitation`` (by form), ``sampling``, ``roots``."""
        declared = self.capabilities.get(capability)
        if not isinstance(declared, dict):
            return False
        # An empty object is older than the modes, and means a form.
        return capability != "elicitation" or not declared or "form" in declared

    def extends(self, extension: str) -> bool:
        """Whether it declared an extension of the protocol."""
        declared = self.capabilities.get("extensions")
        return isinstance(declared, dict) and isinstance(declared.get(extension), dict)


def client_of(message: Message, sent: Mapping[str, str]) -> Client:
    """The client behind a request. Raises ProtocolError."""
    meta, version = message.meta, headers.value(sent, headers.VERSION)
    carries = isinstance(meta, dict) and (VERSION in meta or CAPABILITIES in meta)
    if carries or version == MODERN:
        return _modern(message, sent)
    if version is not None and version not in LEGACY:
        raise _unsupported(version)
    return Client(version or LEGACY[-1])


def negotiated(asked: object) -> str:
    """The version in which an ``initialize`` is answered."""
    return asked if isinstance(asked, str) and asked in LEGACY else LEGACY[0]


def _modern(message: Message, sent: Mapping[str, str]) -> Client:
    meta = message.meta
    if not isinstance(meta, dict):
        raise ProtocolError(INVALID_PARAMS, "params._meta is missing")
    for name in (VERSION, CAPABILITIES):
        if name not in meta:
            raise ProtocolError(INVALID_PARAMS, f"params._meta lacks {name}")
    version, capabilities = meta[VERSION], meta[CAPABILITIES]
    if not isinstance(version, str) or not isinstance(capabilities, dict):
        raise ProtocolError(INVALID_PARAMS, "params._meta does not fit its schema")
    headers.check(sent, message, version)
    if version != MODERN:
        raise _unsupported(version)
    return Client(version, capabilities)


def _unsupported(version: str) -> ProtocolError:
    told = {"supported": list(SUPPORTED), "requested": version}
    return ProtocolError(UNSUPPORTED_VERSION, "Unsupported protocol version", told)
