"""Plans as ``terraform show -json`` gives them, cut down to what a story is about."""

from __future__ import annotations

from typing import Any

from provisioning.gates.builtin import POLICIES
from provisioning.gates.context import Context
from provisioning.gates.reading import changes
from provisioning.gates.verdict import Finding

DEPLOYMENT = "dep_01jq0000000000000000000000"
TENANT = "ten_01jq0000000000000000000000"


def resource(
    address: str,
    after: dict[str, Any] | None,
    before: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One entry of ``resource_changes``; what happens follows from both values."""
    if "actions" in more:
        actions = more.pop("actions")
    elif before is None:
        actions = ["create"]
    elif after is None:
        actions = ["delete"]
    else:
        actions = ["no-op"] if before == after else ["update"]
    change = {
        "actions": actions,
        "before": before,
        "after": after,
        "after_unknown": more.pop("unknown", {}),
        "before_sensitive": more.pop("was_sensitive", {}),
        "after_sensitive": more.pop("sensitive", {}),
        "replace_paths": more.pop("replace_paths", []),
    }
    kind, name = address.split("[", maxsplit=1)[0].split(".")[-2:]
    return {
        "address": address,
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": change,
        **more,
    }


def plan(*resources: dict[str, Any], **configuration: Any) -> dict[str, Any]:
    """A plan of these changes; ``configured`` are resources of its configuration."""
    configured = configuration.pop("configured", [])
    return {
        "format_version": "1.2",
        "resource_changes": list(resources),
        "configuration": {"root_module": {"resources": configured}, **configuration},
    }


def tagged(address: str, **more: Any) -> dict[str, Any]:
    """Planned values of a resource that says whose it is."""
    tags = {"paybill:deployment": DEPLOYMENT, "paybill:address": address}
    return {"tags": tags, **more}


def context(**facts: Any) -> Context:
    """An apply for a small silo on AWS in Frankfurt, unless told otherwise."""
    asked: dict[str, Any] = {
        "cloud": "aws",
        "kind": "silo",
        "operation": "apply",
        "deployment": DEPLOYMENT,
        "tenant": TENANT,
        "region": "eu-central-1",
        "size": "small",
        "entitled_region": "eu-central-1",
        "entitled_size": "small",
        "account_regions": ("eu-central-1", "eu-west-1"),
        "plan": plan(),
        **facts,
    }
    return Context(**asked)


def found(policy: str, shown: dict[str, Any], **facts: Any) -> list[Finding]:
    """What one built-in policy finds in a plan."""
    about = context(plan=shown, **facts)
    (one,) = [entry for entry in POLICIES if entry.name == policy]
    return list(one.ask(changes(shown), about))


def told(policy: str, shown: dict[str, Any], **facts: Any) -> list[tuple[str, str]]:
    """The same as pairs of level and address."""
    return [(one.level, one.address) for one in found(policy, shown, **facts)]
