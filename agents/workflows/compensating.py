"""A run that ends early is undone step by step, the newest first.

Each undo is an action of its own, performed by ``system:workflows`` under the key
``<run>:<seq>:undo``; the step is marked in the transaction of the undo. So whoever goes
on after a crash finds the next one that is left, and does none twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from agents.errors import OutOfWorkflow
from agents.events import RunUndoing
from agents.models import WorkflowRun, WorkflowStep
from agents.states import RunStatus, StepStatus
from agents.workflows.opening import close, machine
from paybill_site.kernel import actors
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict
from paybill_site.kernel.events import emit
from paybill_site.kernel.querysets import view_permission
from paybill_site.kernel.workflows import AnyWorkflow, Step, registry

ME = "system:workflows"


def me(*actions: AnyAction) -> Actor:
    """The system as it keeps runs, with just what these actions need."""
    needed = {a.permission for a in actions}
    needed |= {view_permission(a.model) for a in actions}
    own = ("agents.view_workflowrun", "agents.undo_workflowrun")
    return actors.system("workflows", *own, *sorted(needed))


def left(run: WorkflowRun) -> Iterator[tuple[WorkflowStep, Step]]:
    """The steps of a run that are still to be undone, the newest first.

    Raises OutOfWorkflow when the declaration is not there any more.
    """
    workflow = registry.get(run.workflow)
    if workflow is None:
        raise OutOfWorkflow("this workflow is no longer declared", rule="version")
    declared = {step.name: step for step in workflow.steps}
    for row in run.steps.filter(status=StepStatus.DONE).order_by("-seq"):
        if row.name not in declared:
            raise OutOfWorkflow(f"{row.name} is no longer declared", rule="version")
        if declared[row.name].undo is not None:
            yield row, declared[row.name]


def due(
    run: WorkflowRun, workflow: AnyWorkflow, action: AnyAction
) -> tuple[WorkflowStep, Step]:
    """The step that this action takes back now. Raises OutOfWorkflow."""
    row, step = next(left(run), (None, None))
    if row is None or step is None or step.undo is not action:
        raise OutOfWorkflow("this is not what is to be undone", rule="workflow")
    return row, step


def mark(row: WorkflowStep) -> None:
    """Note that a step was taken back, in the transaction in which it is."""
    rows = WorkflowStep.objects.filter(pk=row.pk, status=StepStatus.DONE)
    if rows.update(status=StepStatus.UNDONE, undone_at=timezone.now()) != 1:
        raise Conflict("the step was taken back meanwhile")


def stop(run: WorkflowRun, why: str) -> None:
    """End a run early, inside an action: at once, or after what it did is undone."""
    if next(left(run), None) is None:
        close(run, RunStatus.CANCELLED, why)
        return
    machine.move(
        run,
        RunStatus.COMPENSATING,
        reason=why,
        field="status",
        why=why[:300],
        deadline_at=None,
    )
    emit(RunUndoing(run=run.public_id))


def undo(run: WorkflowRun, row: WorkflowStep, step: Step) -> None:
    """Take one step back. Raises PaybillError when it can not be."""
    action: Any = step.undo
    try:
        data = step.undo_input(row.output) if step.undo_input else {}
    except (LookupError, TypeError, ValueError) as error:
        raise OutOfWorkflow(f"{row.name} left too little to undo it") from error
    key = f"{run.public_id}:{row.seq}:undo"
    actor = me(action)
    perform(
        action, _target(run, row, action), data, actor=actor, key=key, run=run.public_id
    )


def _target(run: WorkflowRun, row: WorkflowStep, action: AnyAction) -> str | None:
    """The id of what is acted on: the step's row, else the run's."""
    if action.creates:
        return None
    names = dict(name.split(":", 1) for name in (run.subject, row.target))
    return names.get(action.model._meta.label_lower, run.subject.split(":", 1)[1])
