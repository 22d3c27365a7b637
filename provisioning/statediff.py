"""What lies between two versions of a state, in a form that people may read.

Names of attributes are shown; values only where neither the provider nor the state
calls them sensitive, they are plain, and they do not look like a credential.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from paybill_site.kernel.crypto import redact
from provisioning.models import StateVersion
from provisioning.models.statefile import ASIDE

SENSITIVE, STRUCTURE, LONGEST = "(sensitive)", "(not shown)", 120

type Instance = dict[str, Any]


def before(version: StateVersion) -> StateVersion | None:
    """The version that was in force before this one."""
    earlier = StateVersion.objects.filter(
        deployment=version.deployment_id, serial__lt=version.serial
    ).exclude(origin__in=ASIDE)
    return earlier.order_by("-serial").first()


def diff(older: StateVersion | None, newer: StateVersion) -> dict[str, Any]:
    """Addresses that were added, removed or changed, and which attributes of them."""
    before, after = _instances(older), _instances(newer)
    both = sorted(before.keys() & after.keys())
    changed = [
        {"address": address, "attributes": attributes}
        for address in both
        if (attributes := _attributes(before[address], after[address]))
    ]
    return {
        "from": older.serial if older else None,
        "to": newer.serial,
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": changed,
        "outputs": _outputs(older, newer),
    }


def instances(body: bytes) -> Iterator[tuple[str, Instance]]:
    """Every managed object of a state with its address, as the state holds it.

    An address comes twice where the object before it is still to be deleted.
    """
    for resource in _held(body).get("resources") or []:
        if resource.get("mode") != "managed":
            continue
        base = f"{resource['type']}.{resource['name']}"
        if resource.get("module"):
            base = f"{resource['module']}.{base}"
        for instance in resource.get("instances") or []:
            key = instance.get("index_key")
            yield base + ("" if key is None else f"[{json.dumps(key)}]"), instance


def _held(body: bytes) -> dict[str, Any]:
    """The content; empty for one that was rescued in pieces."""
    try:
        held = json.loads(body)
    except ValueError:
        return {}
    return held if isinstance(held, dict) else {}


def _instances(version: StateVersion | None) -> dict[str, Instance]:
    if version is None:
        return {}
    return {
        f"{address} (deposed)" if instance.get("deposed") else address: instance
        for address, instance in instances(version.content)
    }


def _attributes(older: dict[str, Any], newer: dict[str, Any]) -> list[dict[str, Any]]:
    before, after = older.get("attributes") or {}, newer.get("attributes") or {}
    secret = _sensitive(older) | _sensitive(newer)
    return [
        {
            "name": name,
            "before": _shown(before.get(name), hidden=name in secret),
            "after": _shown(after.get(name), hidden=name in secret),
        }
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _sensitive(instance: dict[str, Any]) -> set[str]:
    """Top-level attributes in which something is sensitive, as the state marks it."""
    paths = instance.get("sensitive_attributes") or []
    return {str(path[0].get("value")) for path in paths if path}


def _shown(value: Any, *, hidden: bool) -> Any:
    if hidden:
        return SENSITIVE
    if isinstance(value, (dict, list)):
        return STRUCTURE
    if isinstance(value, str):
        return redact(value)[:LONGEST]
    return value


def _outputs(older: StateVersion | None, newer: StateVersion) -> list[str]:
    before, after = (
        _held(version.content).get("outputs") or {} if version else {}
        for version in (older, newer)
    )
    names = before.keys() | after.keys()
    return sorted(name for name in names if before.get(name) != after.get(name))
