"""What a run is pinned to: its stack, its Terraform, and each plugin by its hash."""

from __future__ import annotations

from typing import Any

from provisioning import terraform
from provisioning.errors import StackChanged, ToolsChanged
from provisioning.models import Run, StackVersion
from provisioning.plugins.locks import Lock


def pinned_stack(run: Run) -> StackVersion:
    """The archived stack of a run. Raises StackChanged when it has none."""
    if run.stack_version is None:
        raise StackChanged("this run was queued before stacks were kept: queue another")
    return run.stack_version


def of(lock: Lock) -> dict[str, Any]:
    """The pins as they are now, as ``PinRun`` takes them. Raises TerraformMissing."""
    return {
        "terraform_version": terraform.version(),
        "mirror_digest": lock.mirror_digest,
        "lock_sha256": lock.sha256,
        "providers": lock.selections(),
    }


SAID = {
    "terraform_version": "Terraform",
    "mirror_digest": "the mirror of provider plugins",
    "lock_sha256": "the dependency lock file",
}


def check(run: Run, lock: Lock) -> None:
    """Raise ToolsChanged, naming what, unless all is as the run was planned with."""
    now = of(lock)
    for name, words in SAID.items():
        if now[name] != getattr(run, name):
            then, here = str(getattr(run, name))[:12], str(now[name])[:12]
            raise ToolsChanged(
                f"{words} changed since the plan was made ({then} then, {here} now):"
                " nothing was applied; queue a new run"
            )
