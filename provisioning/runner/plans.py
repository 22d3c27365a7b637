"""What a plan is: the file that is applied, and the form that people read.

Two digests. SHA-256 over plan file and lock file says "this very file". The digest
of the canonical form covers listed fields only, with sensitive and unknown values
masked and no times in it, so the same inputs give it again.
"""

from __future__ import annotations

import hashlib
from typing import Any

from paybill_site.kernel.audit import digest_of

UNKNOWN, SENSITIVE = "(known after apply)", "(sensitive)"


def file_sha256(plan: bytes, lock: bytes) -> str:
    """SHA-256 of the plan file with its lock file."""
    whole = hashlib.sha256(len(plan).to_bytes(8, "big"))
    whole.update(plan)
    whole.update(lock)
    return whole.hexdigest()


def canonical(plan: dict[str, Any]) -> dict[str, Any]:
    """The masked form of ``terraform show -json``: what the plan will do."""
    changes = [
        _row(row)
        for row in plan.get("resource_changes") or []
        if row.get("mode") == "managed" and _does_something(row)
    ]
    outputs = {
        name: change["actions"]
        for name, change in (plan.get("output_changes") or {}).items()
        if change["actions"] != ["no-op"]
    }
    return {
        "resources": sorted(changes, key=lambda change: str(change["address"])),
        "outputs": outputs,
    }


def _does_something(row: dict[str, Any]) -> bool:
    """An import or a move changes the state, also where the cloud stays as it is."""
    change = row["change"]
    moved = "previous_address" in row
    return change["actions"] != ["no-op"] or moved or bool(change.get("importing"))


def _row(row: dict[str, Any]) -> dict[str, Any]:
    change = row["change"]
    hints = {
        "previous_address": row.get("previous_address"),
        "reason": row.get("action_reason"),
        "replace_paths": change.get("replace_paths"),
        "import": (change.get("importing") or {}).get("id"),
    }
    return {
        "address": row["address"],
        "type": row["type"],
        "actions": change["actions"],
        "before": before(change),
        "after": after(change),
        **{name: hint for name, hint in hints.items() if hint},
    }


def digest(plan: dict[str, Any]) -> str:
    """SHA-256 of the canonical form."""
    return digest_of(canonical(plan))


def drifted(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What a plan that only refreshes found changed outside, masked."""
    rows = [_row(row) for row in plan.get("resource_drift") or []]
    return sorted(rows, key=lambda row: str(row["address"]))


def adopting(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan that only refreshes, as what it does: the state takes over what changed
    outside. So it is shown, judged and approved like any other.
    """
    return {**plan, "resource_changes": plan.get("resource_drift") or []}


COUNTED = {"create": "add", "update": "change", "delete": "destroy"}


def summary(plan: dict[str, Any]) -> dict[str, Any]:
    """Counts, and one line per change with the destructive ones first.

    ``total``: everything that the plan does, zero when there is nothing to apply;
    ``steps``: how many times Terraform will say that it has done something.
    """
    form = canonical(plan)
    counts = {"add": 0, "change": 0, "destroy": 0, "import": 0}
    for resource in form["resources"]:
        counts["import"] += "import" in resource
        for action in set(resource["actions"]) & COUNTED.keys():
            counts[COUNTED[action]] += 1
    lines = [
        {"address": r["address"], "actions": r["actions"]} for r in form["resources"]
    ]
    lines.sort(key=lambda line: ("delete" not in line["actions"], line["address"]))
    return {
        **counts,
        "total": len(form["resources"]) + len(form["outputs"]),
        "steps": counts["add"] + counts["change"] + counts["destroy"],
        "resources": lines,
    }


def before(change: dict[str, Any]) -> Any:
    """What a resource was, masked; None when it did not exist."""
    return masked(change.get("before"), change.get("before_sensitive"), None)


def after(change: dict[str, Any]) -> Any:
    """What a resource will be, masked; None when it will not exist."""
    unknown = change.get("after_unknown")
    return masked(change.get("after"), change.get("after_sensitive"), unknown)


def masked(value: Any, sensitive: Any, unknown: Any) -> Any:
    """``value`` under Terraform's two masks, which have its shape or are True."""
    if sensitive is True:
        return SENSITIVE
    if unknown is True:
        return UNKNOWN
    if isinstance(value, dict) or isinstance(unknown, dict):
        names = {**(value or {}), **(unknown or {})}
        return {
            name: masked(
                (value or {}).get(name), _part(sensitive, name), _part(unknown, name)
            )
            for name in sorted(names)
        }
    if isinstance(value, list):
        return [
            masked(item, _part(sensitive, index), _part(unknown, index))
            for index, item in enumerate(value)
        ]
    return value


def _part(mask: Any, key: Any) -> Any:
    if isinstance(mask, dict):
        return mask.get(key)
    if isinstance(mask, list) and isinstance(key, int) and key < len(mask):
        return mask[key]
    return None
