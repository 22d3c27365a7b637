"""A client of the protocol that says just what a test wants said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.test import Client

from agents.mcp.eras import CAPABILITIES, MODERN, TASKS, VERSION
from agents.mcp.headers import NAMED_BY

IDS = count(1)
BOTH = "application/json, text/event-stream"
ELICITS: dict[str, Any] = {"elicitation": {}}
WAITS: dict[str, Any] = {"extensions": {TASKS: {}}}


@dataclass(frozen=True)
class Told:
    """What came back: the status, the headers, the messages."""

    status: int
    headers: Mapping[str, str]
    messages: list[dict[str, Any]]

    @property
    def message(self) -> dict[str, Any]:
        return self.messages[-1]

    @property
    def result(self) -> dict[str, Any]:
        assert "result" in self.message, self.message
        found: dict[str, Any] = self.message["result"]
        return found

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.message["error"]
        return found

    @property
    def structured(self) -> dict[str, Any]:
        found: dict[str, Any] = self.result["structuredContent"]
        return found


@dataclass
class Wire:
    """One client with one token, at one host."""

    token: str
    host: str = "ta.localhost"
    can: dict[str, Any] = field(default_factory=dict)

    def ask(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str | None] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> Told:
        """A request of 2026-07-28; a header that is None is left out."""
        about = {VERSION: MODERN, CAPABILITIES: self.can, **(meta or {})}
        inside = {**(params or {}), "_meta": about}
        named = inside.get(NAMED_BY.get(method, ""))
        sent: dict[str, str | None] = {
            "mcp-protocol-version": MODERN,
            "mcp-method": method,
            "mcp-name": named if isinstance(named, str) else None,
            **(headers or {}),
        }
        body = {"jsonrpc": "2.0", "id": next(IDS), "method": method, "params": inside}
        return self.post(json.dumps(body), sent)

    def ask_old(
        self, method: str, params: Mapping[str, Any] | None = None, version: str = ""
    ) -> Told:
        """A request as before 2026-07-28."""
        body = {"jsonrpc": "2.0", "id": next(IDS), "method": method}
        sent = {"mcp-protocol-version": version} if version else {}
        return self.post(json.dumps({**body, "params": dict(params or {})}), sent)

    def call(self, name: str, **arguments: Any) -> Told:
        return self.ask("tools/call", {"name": name, "arguments": arguments})

    def post(
        self, body: str | bytes, headers: Mapping[str, str | None] | None = None
    ) -> Told:
        """A body as it is."""
        sent = {"host": self.host, "accept": BOTH, **(headers or {})}
        if self.token and "authorization" not in sent:
            sent["authorization"] = f"Bearer {self.token}"
        response = Client().post(
            "/mcp",
            body,
            content_type="application/json",
            headers={name: value for name, value in sent.items() if value is not None},
        )
        return Told(response.status_code, response.headers, _messages(response))


def _messages(response: Any) -> list[dict[str, Any]]:
    if not response.streaming:
        return [json.loads(response.content)] if response.content else []
    text = b"".join(response.streaming_content).decode()
    response.close()
    lines = [line for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]
