"""Everything that can carry tags says whose it is and what it is.

Without them the reaper can not find what a dead run left, and nobody can prove that
nothing is left. A resource can carry tags when its planned values have the attribute:
that is the provider's schema speaking, and no list of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from provisioning.gates.context import Context
from provisioning.gates.reading import HIDDEN, Change
from provisioning.gates.tables import table
from provisioning.gates.verdict import Finding

# As a tag, and in the label forms of clouds that allow no colon.
SEPARATORS = (":", "-", "_")


def rule(rows: list[Change], context: Context) -> Iterator[Finding]:
    """Resources that are made or changed and do not say their deployment or address."""
    for row in rows:
        if not row.makes or row.type in table("labels")["ignored"]["types"]:
            continue
        found, carries = carried(row)
        if not carries:
            continue
        if found is None:
            says = "its tags are not known before the apply"
            yield Finding(address=row.address, level="approve", says=says)
            continue
        yield from _wrong(row, found, context)


def _wrong(
    row: Change, found: Mapping[str, str], context: Context
) -> Iterator[Finding]:
    deployment, address = _tag(found, "deployment"), _tag(found, "address")
    if deployment is None:
        yield _missing(row, "deployment")
    elif deployment not in (*HIDDEN, context.deployment):
        says = "its tag paybill:deployment names another deployment"
        yield Finding(address=row.address, level="refuse", says=says)
    if address is None:
        yield _missing(row, "address")


def _missing(row: Change, name: str) -> Finding:
    says = f"it has no tag paybill:{name}"
    return Finding(address=row.address, level="refuse", says=says)


def _tag(found: Mapping[str, str], name: str) -> str | None:
    keys = (f"paybill{separator}{name}" for separator in SEPARATORS)
    return next((found[key] for key in keys if found.get(key)), None)


def carried(row: Change) -> tuple[Mapping[str, str] | None, bool]:
    """The tags of a resource (None: not known yet), and whether it can carry any."""
    for prefix, form in table("labels").items():
        if row.type.startswith(prefix):
            return _read(row, form)
    return {}, False


def _read(row: Change, form: dict[str, Any]) -> tuple[Mapping[str, str] | None, bool]:
    """The first attribute that says something; a later one where it is not known."""
    paths = [path for path in form["attributes"] if _has(row.after, path)]
    read = _pairs if form["form"] == "pairs" else _texts
    hidden = False
    for path in paths:
        values = _raw(row.after, path)
        hidden = hidden or any(v in HIDDEN for v in values if isinstance(v, str))
        found = read(values)
        if found:
            return found, True
    return None if hidden else {}, bool(paths)


def _has(after: Any, path: str) -> bool:
    name, _, rest = path.partition(".")
    if isinstance(after, list):
        return any(_has(item, path) for item in after)
    if not isinstance(after, dict) or name not in after:
        return False
    return not rest or _has(after[name], rest)


def _raw(value: Any, path: str) -> list[Any]:
    name, _, rest = path.partition(".")
    if isinstance(value, list):
        return [found for item in value for found in _raw(item, path)]
    if not isinstance(value, dict):
        return []
    found = value.get(name)
    return _raw(found, rest) if rest else [found]


def _pairs(values: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        if isinstance(value, dict):
            found |= {str(k): str(v) for k, v in value.items()}
    return found


def _texts(values: list[Any]) -> dict[str, str]:
    """IBM's tags are texts: ``paybill:deployment:dep_...``."""
    found: dict[str, str] = {}
    for value in values:
        for text in value if isinstance(value, list) else []:
            for separator in SEPARATORS:
                for name in ("deployment", "address"):
                    key = f"paybill{separator}{name}"
                    if str(text).startswith((f"{key}:", f"{key}-", f"{key}_")):
                        found[key] = str(text)[len(key) + 1 :]
    return found
