"""What follows from the events of runs: system steps, deadlines, compensation."""

from __future__ import annotations

from django.utils import timezone

from agents.actions.workflows import (
    EndOverdueRun,
    FailUndoing,
    FinishUndoing,
    StopRun,
)
from agents.events import RunDue, RunReady, RunUndoing
from agents.models import WorkflowRun
from agents.states import RunStatus
from agents.workflows import compensating
from agents.workflows.opening import GOING
from paybill_site.kernel.actions import AnyAction, perform
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.events import handles
from paybill_site.kernel.workflows import By, Step, registry


@handles(RunReady, in_tenants=True)
def go_on(event: RunReady, delivery_id: str) -> None:
    """Take the step that is the system's, once, however often this is delivered."""
    run = WorkflowRun.objects.filter(public_id=event.run, status__in=GOING).first()
    step = _system_step(run) if run and run.taken == event.taken else None
    if run is None or step is None or step.take is None:
        return
    target = None if step.action.creates else run.subject.rpartition(":")[2]
    try:
        perform(
            step.action,
            target,
            step.take(run.data),
            actor=compensating.me(step.action),
            key=f"{run.public_id}:{event.taken + 1}:system",
            run=run.public_id,
        )
    except PaybillError as refusal:
        if not refusal.permanent:
            raise
        why = f"{step.name} was refused: {refusal.detail}"[:300]
        _do(StopRun, run, delivery_id, {"reason": why})


@handles(RunDue, in_tenants=True)
def end_overdue(event: RunDue, delivery_id: str) -> None:
    """End a run whose time is over; one that went on since has another time."""
    rows = WorkflowRun.objects.filter(public_id=event.run, status__in=GOING)
    run = rows.filter(deadline_at__lte=timezone.now()).first()
    if run is not None:
        _do(EndOverdueRun, run, delivery_id, {})


@handles(RunUndoing, in_tenants=True)
def undo(event: RunUndoing, delivery_id: str) -> None:
    """Undo what is left of a run, the newest step first, then close it."""
    rows = WorkflowRun.objects.filter(status=RunStatus.COMPENSATING)
    run = rows.filter(public_id=event.run).first()
    if run is None:
        return
    try:
        for row, step in list(compensating.left(run)):
            compensating.undo(run, row, step)
    except PaybillError as refusal:
        if not refusal.permanent:
            raise
        _do(FailUndoing, run, delivery_id, {"reason": refusal.detail[:300]})
        return
    _do(FinishUndoing, run, delivery_id, {})


def _do(action: AnyAction, run: WorkflowRun, key: str, data: dict[str, str]) -> None:
    perform(action, run, data, actor=compensating.me(), key=key)


def _system_step(run: WorkflowRun) -> Step | None:
    workflow = registry.get(run.workflow)
    steps = workflow.steps if workflow else ()
    for step in steps:
        if step.take and By.SYSTEM in step.by and run.state in step.at:
            return step
    return None
