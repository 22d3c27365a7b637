"""The masked plan as people read it: what is destroyed first, then old -> new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioning.gates.reading import Change

LONGEST, MOST = 300, 200  # characters of a value; attributes of a resource
KINDS = ("replace", "destroy", "forget", "update", "create", "import", "move")

REASONS = {
    "replace_because_cannot_update": "the cloud can not change this in place",
    "replace_because_tainted": "an earlier apply left it half made",
    "replace_by_request": "it was asked for",
    "replace_by_triggers": "something that it depends on changes",
    "delete_because_no_resource_config": "it is not in the stack any more",
    "delete_because_wrong_repetition": "it is now made in another number",
    "delete_because_count_index": "there are fewer of it now",
    "delete_because_each_key": "its key is not there any more",
    "delete_because_no_module": "its module is not in the stack any more",
    "delete_because_no_move_target": "what it was moved to is not in the stack",
}


def shown(rows: list[Change]) -> list[dict[str, Any]]:
    """One entry for each resource that changes, the destructive ones first."""
    entries = [_entry(row) for row in rows if kind(row)]
    entries.sort(key=lambda entry: (KINDS.index(entry["kind"]), entry["address"]))
    return entries


type Shown = list[dict[str, Any]]


def compared(old: Shown, new: Shown) -> dict[str, list[str]]:
    """Addresses by how the new plan differs from the old; all empty: it does not."""
    before = {entry["address"]: entry for entry in old}
    after = {entry["address"]: entry for entry in new}
    both = before.keys() & after.keys()
    return {
        "only now": sorted(after.keys() - both),
        "only before": sorted(before.keys() - both),
        "otherwise": sorted(name for name in both if before[name] != after[name]),
    }


def _entry(row: Change) -> dict[str, Any]:
    lines = list(_lines(row))
    return {
        "address": row.address,
        "type": row.type,
        "kind": kind(row),
        "cause": _cause(row),
        "attributes": lines[:MOST],
        "more": max(0, len(lines) - MOST),
    }


def _cause(row: Change) -> str:
    if row.action_reason:
        return REASONS.get(row.action_reason, row.action_reason.replace("_", " "))
    if row.imported:
        return f"it exists already as {row.imported}"[:LONGEST]
    return f"it was {row.moved}"[:LONGEST] if row.moved else ""


def kind(row: Change) -> str:
    """The one word for what happens to a resource; "" when nothing does."""
    if row.replaces:
        return "replace"
    named = {
        "delete": "destroy",
        "forget": "forget",
        "update": "update",
        "create": "create",
    }
    happens = next((named[action] for action in row.actions if action in named), "")
    stays = "import" if row.imported else "move" if row.moved else ""
    return happens or stays


def _lines(row: Change) -> Iterator[dict[str, Any]]:
    """Attributes that differ; of what is destroyed what it was, of new what it is."""
    old, new = dict(_flat(row.before)), dict(_flat(row.after))
    forced = {path for path in row.replace_paths if path}
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        yield {
            "name": name,
            "old": _text(before),
            "new": _text(after),
            "forces": any(_within(name, path) for path in forced),
        }


def _within(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}.")


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Leaves by dotted path; what is not set or empty is left out."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flat(item, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flat(item, f"{path}.{index}" if path else str(index))
    elif value is not None and value != "":
        yield path, value


def _text(value: Any) -> str | None:
    """A value as text that fits a line of a table; None where there is none."""
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
