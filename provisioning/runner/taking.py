"""Taking up what exists and is not in the state, so that nothing is made twice.

Import blocks do it in a plan that builds: the plan shows them and its digest covers
them. Terraform leaves them out of a plan that destroys; there ``terraform import``
does it before, with a token that writes and ends with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from provisioning import recovery
from provisioning.actions import StartTaking, StopTaking, TakeUpMore
from provisioning.clouds.adapters import adapter
from provisioning.models import Run
from provisioning.runner import tokens
from provisioning.runner.patience import act
from provisioning.runner.workdir import WorkDir
from provisioning.states import DeploymentState, Operation

type Step = Callable[..., None]


def needed(run: Run) -> bool:
    """Whether a run has to take things up by a command before it can plan."""
    return run.operation == Operation.DESTROY and bool(recovery.missing(run))


def begin(run: Run) -> tuple[Run, str]:
    """Open the state for it; the run and the token."""
    return tokens.opened(StartTaking, run)


def end(run: Run) -> tuple[Run, str]:
    """The state is for reading again; the run and the token."""
    return tokens.opened(StopTaking, run)


def take_up(run: Run, step: Step) -> None:
    """Import one after the other; what an earlier try has imported is left out."""
    folder = WorkDir.of(run)
    folder.imports.unlink(missing_ok=True)  # the command would try them as well
    for one in recovery.missing(run):
        step("import", "-input=false", "-no-color", one["address"], one["id"])


def overlooked(run: Run, shown: dict[str, Any]) -> Run | None:
    """Take up what a first plan would make although it exists; None: nothing.

    That is what carries no tags and is known by its parent, which may have been taken
    up by this very plan. Raises CloudFailed.
    """
    if run.operation == Operation.DESTROY or not _had_trouble(run):
        return None
    ask = adapter(run.deployment.cloud).child_id
    made = [
        (row["address"], ask(run.deployment, row["type"], row["change"]["after"] or {}))
        for row in shown.get("resource_changes") or []
        if row["mode"] == "managed" and row["change"]["actions"] == ["create"]
    ]
    found = [{"address": address, "id": known} for address, known in made if known]
    if not found:
        return None
    run = act(TakeUpMore, run, {"fence": run.fence, "imports": found})
    WorkDir.of(run).write_imports(run)
    return run


def _had_trouble(run: Run) -> bool:
    return bool(run.imports) or run.deployment.state == DeploymentState.BROKEN
