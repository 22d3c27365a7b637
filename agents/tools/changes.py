"""What of a rehearsal's changes an agent is told: no more than reading would tell it.

People who approve see all of it. The agent sees fields that it may read, of rows that
it may see or that the call itself would make; a reference to another row is null where
that row is hidden from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.apps import apps
from django.db.models import Model

from agents.tools import rows
from paybill_site.kernel import declarations
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.declarations import extent, part_model
from paybill_site.kernel.ids import is_id

type Change = Mapping[str, Any]


def shown_to(actor: Actor, changes: Iterable[Change]) -> list[dict[str, Any]]:
    """The changes as this agent may know them. One query for each model met."""
    fields = _readable(actor)
    told = [dict(change) for change in changes]
    made = {one["row"] for one in told if _is_made(one)}
    told = [one for one in told if one["field"] in fields[_model(one)]]
    seen = _seen(told, actor) | made
    # A row without a public id is named by its key, which never leaves.
    named = (one for one in told if is_id(one["row"].rpartition(":")[2]))
    return [_masked(one, seen) for one in named if one["row"] in seen]


def events_to(
    events: Iterable[Mapping[str, Any]],
    changes: Iterable[Change],
    said: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The events by name, with what the agent knows of them anyway.

    That are public ids which it said itself, was answered or finds in ``changes``, as
    they were shown to it, and other values that stand there under the same name.
    ``said`` are the arguments and the answer. Everything else is left out.
    """
    ids, fields = set(), set()
    for one in changes:
        values = (one["row"].rpartition(":")[2], one["before"], one["after"])
        ids |= {value for value in values if _is_id(value)}
        fields |= {(one["field"], repr(value)) for value in values[1:]}
    for one in said:
        ids |= {value for value in _leaves(one) if _is_id(value)}
        fields |= {(name, repr(value)) for name, value in one.items()}
    return [
        {
            name: value
            for name, value in event.items()
            if name == "name"
            or (value in ids if _is_id(value) else (name, repr(value)) in fields)
        }
        for event in events
    ]


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and is_id(value)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    else:
        yield value


def hidden(tools: declarations.Declaration, actor: Actor) -> frozenset[str]:
    """Fields (``part.field``) whose own permission the actor does not hold."""
    guarded = tools.guarded.items()
    return frozenset(name for name, needed in guarded if not actor.may(needed))


def _readable(actor: Actor) -> Mapping[type[Model], set[str]]:
    """Field names by model, as the tools that read would show them to the agent."""
    found: dict[type[Model], set[str]] = defaultdict(set)
    for model, tools in declarations.registry.items():
        met = extent(tools, hidden(tools, actor))
        found[model] |= set(met.fields)
        for accessor, fields in met.parts.items():
            found[part_model(model, accessor)] |= set(fields)
    return found


def _seen(told: Iterable[Change], actor: Actor) -> set[str]:
    """Those of the rows, and of the rows that are pointed to, that the actor sees."""
    wanted: dict[type[Model], set[str]] = defaultdict(set)
    for one in told:
        wanted[_model(one)].add(one["row"].rpartition(":")[2])
        related = _related(one)
        if related is not None:
            wanted[related] |= {str(v) for v in (one["before"], one["after"]) if v}
    return {
        f"{model._meta.label_lower}:{public_id}"
        for model, ids in wanted.items()
        for public_id in _visible(model, ids, actor)
    }


def _visible(model: type[Model], ids: set[str], actor: Actor) -> Iterable[str]:
    names = [name for name in ids if is_id(name)]
    found: Iterable[str] = (
        rows.visible(model, actor)
        .filter(public_id__in=names)
        .values_list("public_id", flat=True)
        if names
        else ()
    )
    return found


def _masked(one: dict[str, Any], seen: set[str]) -> dict[str, Any]:
    related = _related(one)
    if related is None:
        return one
    label = related._meta.label_lower
    kept = {
        side: one[side] if f"{label}:{one[side]}" in seen else None
        for side in ("before", "after")
    }
    return {**one, **kept}


def _is_made(one: Change) -> bool:
    """A row that was not there has its key changed from nothing."""
    name = str(_model(one)._meta.pk.name)
    return bool(one["field"] == name and one["before"] is None)


def _model(one: Change) -> type[Model]:
    return apps.get_model(one["row"].partition(":")[0])


def _related(one: Change) -> type[Model] | None:
    field: Any = _model(one)._meta.get_field(one["field"])
    related: type[Model] | None = field.related_model
    return related
