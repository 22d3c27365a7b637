"""A plan (``terraform show -json``) as policies read it: masked, one row a resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provisioning.runner import plans
from provisioning.runner.plans import SENSITIVE, UNKNOWN

HIDDEN = (SENSITIVE, UNKNOWN)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one managed resource. ``before`` and ``after`` are masked.

    ``replace_paths`` and ``action_reason`` are Terraform's words for why it replaces or
    deletes; ``imported`` is the id under which it exists already, ``moved`` the address
    that it had.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    before: Any
    after: Any
    replace_paths: tuple[str, ...] = ()
    action_reason: str = ""
    imported: str = ""
    moved: str = ""

    @property
    def deletes(self) -> bool:
        """It ends: deleted, replaced, or forgotten and so left without anybody."""
        return bool({"delete", "forget"} & set(self.actions))

    @property
    def replaces(self) -> bool:
        return self.deletes and "create" in self.actions

    @property
    def makes(self) -> bool:
        """It is created or changed by this plan."""
        return bool({"create", "update"} & set(self.actions))

    def values(self, path: str) -> list[Any]:
        """What is planned at ``settings.ip_configuration.ipv4_enabled``, of each block.

        Where a part of the path is not known yet, that is UNKNOWN; where it is not
        set, None. Nothing at all when the resource will not exist.
        """
        return [] if self.after is None else list(_at(self.after, path.split(".")))

    def old_values(self, path: str) -> list[Any]:
        """The same of what it was."""
        return [] if self.before is None else list(_at(self.before, path.split(".")))


def changes(plan: dict[str, Any]) -> list[Change]:
    """Every managed resource of the plan, also those that stay as they are."""
    rows = [_change(row) for row in plan.get("resource_changes") or [] if _managed(row)]
    return sorted(rows, key=lambda row: row.address)


def _managed(row: dict[str, Any]) -> bool:
    return str(row.get("mode", "managed")) == "managed"


def _change(row: dict[str, Any]) -> Change:
    change = row["change"]
    paths = change.get("replace_paths") or []
    return Change(
        address=str(row["address"]),
        type=str(row["type"]),
        actions=tuple(change["actions"]),
        before=plans.before(change),
        after=plans.after(change) if change.get("after") is not None else None,
        replace_paths=tuple(".".join(map(str, path)) for path in paths),
        action_reason=str(row.get("action_reason") or ""),
        imported=str((change.get("importing") or {}).get("id") or ""),
        moved=str(row.get("previous_address") or ""),
    )


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path or value in HIDDEN:
        yield value
    elif isinstance(value, dict):
        yield from _at(value.get(path[0]), path[1:])
    else:
        yield None


def references(plan: dict[str, Any], types: tuple[str, ...]) -> set[str]:
    """Addresses that resources of these types name in the configuration."""
    named: set[str] = set()
    for resource in _configured((plan.get("configuration") or {}).get("root_module")):
        if resource.get("type") in types:
            named |= set(_references(resource.get("expressions")))
    return named


def referred(plan: dict[str, Any], address: str, name: str = "") -> set[str]:
    """Addresses that the resource names in the configuration, or one attribute does."""
    expressions = _expressions(plan, address) or {}
    return set(_references(expressions.get(name) if name else expressions))


def sets(plan: dict[str, Any], address: str, path: str) -> bool:
    """Whether the configuration gives the first part of this path a value.

    What it does not set and Terraform does not know yet is the cloud's own default.
    """
    expressions = _expressions(plan, address)
    # Not found: better judged than let through.
    return expressions is None or path.partition(".")[0] in expressions


def _expressions(plan: dict[str, Any], address: str) -> dict[str, Any] | None:
    bare = address.partition("[")[0]
    for resource in _configured((plan.get("configuration") or {}).get("root_module")):
        if resource.get("address") == bare:
            found: dict[str, Any] = resource.get("expressions") or {}
            return found
    return None


def _configured(module: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(module, dict):
        return
    yield from module.get("resources") or []
    for call in (module.get("module_calls") or {}).values():
        yield from _configured(call.get("module"))


def _references(expression: Any) -> Iterator[str]:
    if isinstance(expression, list):
        for item in expression:
            yield from _references(item)
    elif isinstance(expression, dict):
        yield from expression.get("references") or []
        for name, item in expression.items():
            if name != "references":
                yield from _references(item)
