"""Nothing is open to everybody but ports 80 and 443 of what serves the tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from provisioning.gates.context import Context
from provisioning.gates.reading import HIDDEN, Change, referred, sets
from provisioning.gates.tables import table
from provisioning.gates.verdict import Finding, Level

EVERYBODY = {"0.0.0.0/0", "::/0", "*", "Internet", "Any", "any"}
WEB = {"80", "443"}


def rule(rows: list[Change], context: Context) -> Iterator[Finding]:
    """Attributes that open a resource, rights for everybody, ways in from anywhere."""
    for row in rows:
        if row.makes:
            yield from _closed(row, context)
            yield from _granted(row, context)
            for entry in _entries("ingress", row):
                yield from _ways_in(row, entry, context)


def _entries(section: str, row: Change) -> list[dict[str, Any]]:
    """What the table says of a resource of this type."""
    known: list[dict[str, Any]] = table("exposure")[section]
    return [entry for entry in known if row.type in entry["types"]]


def _finding(row: Change, level: Level, says: str) -> Finding:
    return Finding(address=row.address, level=level, says=says[:500])


def _closed(row: Change, context: Context) -> Iterator[Finding]:
    for entry in _entries("closed", row):
        for value in row.values(entry["attribute"]) or [None]:
            ours = sets(context.plan, row.address, entry["attribute"])
            yield from _open(row, entry, value if ours or value not in HIDDEN else None)


def _open(row: Change, entry: dict[str, Any], value: Any) -> Iterator[Finding]:
    name = entry["attribute"]
    if value in HIDDEN:
        yield _finding(row, "approve", f"whether it is public ({name}): {value}")
    elif value is None and entry["unset"] == "open":
        yield _finding(row, "refuse", f"{name} is not set, which leaves it public")
    elif value is not None and value not in entry["by"]:
        yield _finding(row, "refuse", f"{name} = {_word(value)} makes it public")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _granted(row: Change, context: Context) -> Iterator[Finding]:
    for entry in _entries("grant", row):
        name = entry["attribute"]
        for value in row.values(name):
            if value in entry["everybody"]:
                yield _finding(row, "refuse", f"it gives a right to {value}")
            elif value in HIDDEN and not _is_somebody(row, entry, context):
                yield _finding(row, "approve", f"who gets this right: {value}")


def _is_somebody(row: Change, entry: dict[str, Any], context: Context) -> bool:
    """Whether a name that is not known yet is that of an identity in particular."""
    named = referred(context.plan, row.address, entry["attribute"])
    types = {name.removeprefix("data.").partition(".")[0] for name in named}
    return bool(types) and types <= set(entry["identities"])


def _ways_in(row: Change, entry: dict[str, Any], context: Context) -> Iterator[Finding]:
    for way in _blocks(row, entry["block"]):
        if way in HIDDEN and not sets(context.plan, row.address, entry["block"]):
            continue  # it has no ways in of its own: they are resources
        if way in HIDDEN:
            says = f"who is let in can not be judged: {way}"
            yield _finding(row, "approve", says)
        elif way is not None and _is_incoming(way, entry):
            yield from _judged(row, Change("", "", (), None, way), entry, context)


def _blocks(row: Change, path: str) -> list[Any]:
    """The rules themselves: blocks of the resource, or the resource as a whole."""
    if not path:
        return [row.after]
    found: list[Any] = [row.after]
    for name in path.split("."):
        found = [item for value in found for item in _inside(value, name)]
    return found


def _inside(value: Any, name: str) -> list[Any]:
    if value in HIDDEN:
        return [value]
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else [inner]


def _is_incoming(way: dict[str, Any], entry: dict[str, Any]) -> bool:
    """What is not known counts as incoming and as allowed."""
    for part in ("direction", "action", "kind"):
        name, wanted = entry.get(part, ("", ""))
        value = way.get(name)
        if name and isinstance(value, str) and value not in HIDDEN and value != wanted:
            return False
    return True


def _judged(
    row: Change, way: Change, entry: dict[str, Any], context: Context
) -> Iterator[Finding]:
    sources = [value for path in entry["sources"] for value in way.values(path)]
    ports = {
        str(value)
        for path in entry["ports"]
        for value in way.values(path)
        if value is not None
    }
    shown = ", ".join(sorted(ports)) or "all"
    if any(value in HIDDEN for value in sources):
        yield _finding(row, "approve", f"who is let in to ports {shown}: not known yet")
    if not EVERYBODY & {value for value in sources if isinstance(value, str)}:
        return
    if not _is_web(ports, entry):
        yield _finding(row, "refuse", f"everybody is let in to ports {shown}")
    elif not entry.get("fronts") and not _is_front(row, context):
        says = f"everybody is let in to port {shown} of what is no load balancer"
        yield _finding(row, "refuse", says)


def _is_web(ports: set[str], entry: dict[str, Any]) -> bool:
    """Only 80 and 443; of a range both ends have to be the same."""
    one = len(ports) == 1 or not entry.get("range")
    return bool(ports) and ports <= WEB and one


def _is_front(row: Change, context: Context) -> bool:
    """Whether a load balancer names the group, or the group of this rule."""
    front = {address.partition("[")[0] for address in context.front}
    own = {row.address.partition("[")[0], *referred(context.plan, row.address)}
    return bool({address.partition("[")[0] for address in own} & front)
