"""One request on its way to the method that answers it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.mcp.eras import Client
from agents.mcp.messages import Message
from agents.mcp.registry import Progress, Registry
from paybill_site.kernel.actors import Actor

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
