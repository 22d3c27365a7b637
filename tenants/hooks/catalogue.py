"""Which types of events there are, and what each of them carries."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from paybill_site.kernel.events import Event

EVERY = "*"
TEST = "webhook.test"


class Fact(BaseModel):
    """What a type carries: public ids and states. Whoever wants more asks the API.

    A state is that of the moment when the message was written, which may be later than
    that of the event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    account: str = Field(description="public id of the account that is told")


class TestFact(Fact):
    endpoint: str = Field(description="public id of the webhook that is tried")


type Payload[E: Event] = Callable[[E], Fact | None]


@dataclass(frozen=True, slots=True)
class Type:
    """A type of events as customers choose it."""

    name: str
    description: str
    fact: type[Fact]

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of a whole message of this type."""
        text = {"type": "string"}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.description,
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": {"const": self.name},
                "timestamp": {**text, "format": "date-time"},
                "data": self.fact.model_json_schema(),
            },
        }


types: dict[str, Type] = {}


def declare(name: str, description: str, fact: type[Fact]) -> None:
    """Add a type. Raises ValueError where there is one of this name already."""
    if name in types:
        raise ValueError(f"the type {name} is published twice")
    types[name] = Type(name, description, fact)


def fact_of(payload: Payload[Any]) -> type[Fact]:
    """The class that a payload function says it returns. Raises TypeError."""
    said = typing.get_type_hints(payload).get("return")
    kinds = [said, *typing.get_args(said)]
    found = [k for k in kinds if isinstance(k, type) and issubclass(k, Fact)]
    if len(found) != 1:
        raise TypeError(f"{payload.__name__} has to be annotated with its Fact")
    return found[0]


def names() -> list[str]:
    """What can be chosen, in the order of the alphabet."""
    return sorted(name for name in types if name != TEST)


declare(TEST, "Somebody pressed the button that sends a test.", TestFact)
