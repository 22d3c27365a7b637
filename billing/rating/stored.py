"""What is kept as JSON: prices in a catalogue, inputs on a line.

Pydantic reads and writes the dataclasses. Decimals are strings, so nothing is lost on
the way; a key that nobody knows is an error with its place, not a silent default.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter


class Stored:
    """Base of dataclasses that are kept as JSON: no key beyond the fields."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


def to_data(adapter: TypeAdapter[Any], value: Any) -> dict[str, Any]:
    """JSON values, without those that are as if they were not said."""
    data: dict[str, Any] = adapter.dump_python(value, mode="json")
    return data
