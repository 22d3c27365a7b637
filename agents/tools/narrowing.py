"""What an agent's bindings leave of a tool's arguments, said in their schema."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from agents.states import BindingKind

type Schema = dict[str, Any]


def narrowed(
    schema: Schema, bounds: Iterable[list[Any]], kept: Set[str] = frozenset()
) -> Schema:
    """Without the arguments that are decided; the others say what is left of them.

    ``kept`` are those that change nothing where they are left out.
    """
    properties = {name: dict(about) for name, about in schema["properties"].items()}
    required = list(schema.get("required", ()))
    for argument, kind, value, unsaid in bounds:
        about = properties.get(argument)
        if about is None:
            continue
        if kind == BindingKind.FIXED:
            del properties[argument]
            required = [name for name in required if name != argument]
            continue
        _bind(about, kind, value, unsaid=unsaid)
        # What is left out counts with its default, and has to fit as well.
        if argument not in {*required, *kept} and not _fits(about, kind, value):
            about.pop("default", None)
            required.append(argument)
    return {**schema, "properties": properties, "required": required}


def _bind(about: Schema, kind: str, value: Any, *, unsaid: bool) -> None:
    if about.get("type") == "array":
        items = dict(about.get("items", {}))
        _bind(items, kind, value, unsaid=unsaid)
        about.update(items=items, minItems=max(1, about.get("minItems", 1)))
    elif unsaid or not _is_said(kind, value):
        about["not"] = {}  # nothing fits, as the check of the binding has it
    elif kind == BindingKind.LISTED:
        said = about.get("enum", value)
        about["enum"] = [one for one in value if one in said]
        if not about["enum"]:
            about["not"] = {}
    elif kind == BindingKind.AT_MOST:
        about["maximum"] = min(about.get("maximum", value), value)
    else:
        about["minimum"] = max(about.get("minimum", value), value)


def _is_said(kind: str, value: Any) -> bool:
    return isinstance(value, list if kind == BindingKind.LISTED else int)


def _fits(about: Schema, kind: str, value: Any) -> bool:
    default = about.get("default")
    if kind == BindingKind.LISTED:
        return default in about.get("enum", ())
    if isinstance(default, bool) or not isinstance(default, int | float):
        return False
    return bool(default <= value if kind == BindingKind.AT_MOST else default >= value)
