"""What a server offers behind the protocol. The protocol itself knows no tool."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.mcp.eras import Client
from paybill_site.kernel.actors import Actor

type Described = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call has come; told where the client asked to be told."""

    done: float
    total: float | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Content:
    """What a tool returned: blocks of content and, where it has a schema, the value."""

    blocks: tuple[Described, ...]
    structured: Mapping[str, Any] | None = None
    is_error: bool = False

    @classmethod
    def text(cls, text: str, *, is_error: bool = False) -> Content:
        return cls(({"type": "text", "text": text},), is_error=is_error)

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Content:
        """A structured value, with the copy as text for those that read no other."""
        copy = json.dumps(value, ensure_ascii=False)
        return cls(({"type": "text", "text": copy},), value)

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"content": [dict(block) for block in self.blocks]}
        if self.structured is not None:
            told["structuredContent"] = self.structured
        return {**told, "isError": self.is_error}


@dataclass(frozen=True, slots=True)
class Asked:
    """Something has to be asked first; ``state`` comes back with the answers.

    ``requests`` maps a name to a request of the protocol such as
    ``elicitation/create``; those that the client cannot answer are left out.
    """

    requests: Mapping[str, Described]
    state: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """What goes on without the caller, by its durable name. Times are ISO 8601."""

    id: str
    status: str
    created: str
    updated: str
    lives_ms: int
    says: str = ""
    result: Content | None = None

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "taskId": self.id,
            "status": self.status,
            "createdAt": self.created,
            "lastUpdatedAt": self.updated,
            "ttlMs": self.lives_ms,
            "pollIntervalMs": POLL_MS,
        }
        if self.says:
            told["statusMessage"] = self.says
        if self.result is not None:
            told["result"] = self.result.as_json()
        return told


POLL_MS = 5000


@dataclass(frozen=True, slots=True)
class Context:
    """What comes with a call: its client, and what was asked of it before.

    ``watched``: the client wants to be told progress.
    """

    client: Client
    responses: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] | None = None
    watched: bool = False


type Outcome = Content | Asked | Task
type Steps = Generator[Progress, None, Outcome]


class Registry(Protocol):
    """Everything is per caller: what one is not offered does not exist for it.

    Names and URIs that are unknown raise ProtocolError. ``call`` checks what it can
    before it tells the first progress, for then the status of the answer is out.
    """

    def instructions(self, actor: Actor) -> str: ...

    def tools(self, actor: Actor) -> Sequence[Described]: ...

    def mirrored(self, name: str) -> Described:
        """A schema whose marked properties are mirrored in headers; {} for none."""

    def call(
        self, actor: Actor, name: str, arguments: dict[str, Any], context: Context
    ) -> Steps: ...

    def resources(self, actor: Actor) -> Sequence[Described]: ...

    def templates(self, actor: Actor) -> Sequence[Described]: ...

    def read(self, actor: Actor, uri: str) -> Sequence[Described]: ...

    def prompts(self, actor: Actor) -> Sequence[Described]: ...

    def prompt(
        self, actor: Actor, name: str, arguments: Mapping[str, Any], context: Context
    ) -> Described | Asked: ...

    def complete(
        self, actor: Actor, ref: Described, argument: str, value: str
    ) -> Sequence[str]: ...

    def task(self, actor: Actor, id: str) -> Task: ...

    def cancel(self, actor: Actor, id: str) -> None: ...
