"""How a run is ended: taken back by who began it, over its time, undone, given up."""

from __future__ import annotations

from django.utils import timezone
from pydantic import Field

from agents.approvals import ending
from agents.events import RunUndoing
from agents.models import WorkflowRun
from agents.states import RunStatus
from agents.workflows import compensating, opening
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.events import emit


class WhyInput(Input):
    reason: str = Field("", max_length=300, title="Why")


class CancelWorkflowRun(Action[WorkflowRun, WhyInput, WorkflowRun]):
    """End a run before its end; what its steps did is undone where that is declared."""

    model = WorkflowRun
    Input = WhyInput
    permission = "agents.cancel_workflowrun"
    own = True
    danger = Danger.CAREFUL
    agents = True

    def run(self, run: WorkflowRun, data: WhyInput, *, actor: Actor) -> WorkflowRun:
        _check_going(run)
        _stop(run, data.reason or "cancelled")
        return run


class StopRun(Action[WorkflowRun, WhyInput, WorkflowRun]):
    """End a run that can not go on: a step that the system takes was refused."""

    model = WorkflowRun
    Input = WhyInput
    permission = "agents.undo_workflowrun"
    always_open = True

    def run(self, run: WorkflowRun, data: WhyInput, *, actor: Actor) -> WorkflowRun:
        _check_going(run)
        _stop(run, data.reason)
        return run


class EndOverdueRun(Action[WorkflowRun, NoInput, WorkflowRun]):
    """End a run whose time is over, and undo what its steps did."""

    model = WorkflowRun
    permission = "agents.undo_workflowrun"
    always_open = True

    def run(self, run: WorkflowRun, data: NoInput, *, actor: Actor) -> WorkflowRun:
        _check_going(run)
        if run.deadline_at is None or run.deadline_at > timezone.now():
            raise IllegalMove("the run is in time")
        _stop(run, "its time was over")
        return run


class FinishUndoing(Action[WorkflowRun, NoInput, WorkflowRun]):
    """Close a run after everything that is to be undone was undone."""

    model = WorkflowRun
    permission = "agents.undo_workflowrun"
    always_open = True

    def run(self, run: WorkflowRun, data: NoInput, *, actor: Actor) -> WorkflowRun:
        if next(compensating.left(run), None) is not None:
            raise IllegalMove("something is left to be undone")
        opening.close(run, RunStatus.CANCELLED)
        return run


class FailUndoing(Action[WorkflowRun, WhyInput, WorkflowRun]):
    """Give the compensation of a run up until an operator looks after it."""

    model = WorkflowRun
    Input = WhyInput
    permission = "agents.undo_workflowrun"
    always_open = True

    def run(self, run: WorkflowRun, data: WhyInput, *, actor: Actor) -> WorkflowRun:
        opening.close(run, RunStatus.FAILED, data.reason)
        return run


class RetryCompensation(Action[WorkflowRun, NoInput, WorkflowRun]):
    """Try again to undo what is left of a run that failed."""

    model = WorkflowRun
    permission = "agents.retry_workflowrun"
    danger = Danger.CAREFUL

    def run(self, run: WorkflowRun, data: NoInput, *, actor: Actor) -> WorkflowRun:
        if run.status != RunStatus.FAILED:
            raise IllegalMove("only a run that failed is tried again")
        opening.machine.move(run, RunStatus.COMPENSATING, field="status", ended_at=None)
        emit(RunUndoing(run=run.public_id))
        return run


def _check_going(run: WorkflowRun) -> None:
    if run.status not in opening.GOING:
        raise IllegalMove(f"the run is {run.status} already")


def _stop(run: WorkflowRun, why: str) -> None:
    compensating.stop(run, why)
    ending.revoke_all(run, "the run was ended")
