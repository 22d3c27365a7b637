"""How a run begins, and how it comes to its end: what actions on runs share."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from agents.errors import OutOfWorkflow, RuleBroken
from agents.events import RunDue, RunEnded, RunReady, RunStarted
from agents.models import Agent, WorkflowRun
from agents.states import RUN_MOVES, RunStatus
from paybill_site.kernel import workflows
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.events import emit
from paybill_site.kernel.inputs import NoInput
from paybill_site.kernel.models import reference
from paybill_site.kernel.states import Machine
from paybill_site.kernel.workflows import AnyWorkflow, By, Guard, Moment, Step

machine = Machine("workflow run", RUN_MOVES)
OPEN = (RunStatus.ACTIVE, RunStatus.WAITING, RunStatus.COMPENSATING)
GOING = (RunStatus.ACTIVE, RunStatus.WAITING)


@workflows.begins
def begin(workflow: AnyWorkflow, subject: Any, actor: Actor) -> WorkflowRun:
    """Open a run on a locked subject. Raises OutOfWorkflow and RuleBroken."""
    if not any(may_take(actor, step) for step in workflow.steps):
        raise OutOfWorkflow("this workflow is not for you", rule="step_by")
    name = reference(subject)
    # The subject is locked: of two that begin at once the second one sees the first.
    here = WorkflowRun.objects.filter(workflow=workflow.name, subject=name)
    if here.filter(status__in=OPEN).exists():
        raise OutOfWorkflow("a run of this workflow is open here", rule="open_run")
    check(workflow.guards, Moment(subject, subject, NoInput(), actor))
    run = WorkflowRun.objects.create(
        workflow=workflow.name,
        version=workflow.version(),
        subject=name,
        state=workflow.initial(),
        agent=_agent(actor),
        started_by=actor.id,
        behalf=actor.behalf.id if actor.behalf else "",
        standing=actor.standing,
        created_at=timezone.now(),
    )
    started = RunStarted(
        run=run.public_id, workflow=run.workflow, subject=subject.public_id
    )
    emit(started)
    plan(run, workflow, None)
    run.save(update_fields=["deadline_at"])
    return run


def check(guards: tuple[Guard, ...], moment: Moment) -> None:
    """Ask guards in their order. Raises RuleBroken with the rule of the first."""
    for guard in guards:
        if not guard.holds(moment):
            raise RuleBroken(guard.says, rule=guard.rule)


def may_take(actor: Actor, step: Step) -> bool:
    """Whether a step is for whoever asks.

    The program of an account (an API key) stands for its people where agents may take
    the step, too. It is no person: a step that is for people alone is not for it.
    """
    if actor.kind is Kind.KEY:
        return {By.PERSON, By.AGENT} <= step.by
    kinds = {Kind.AGENT: By.AGENT, Kind.SYSTEM: By.SYSTEM}
    return kinds.get(actor.kind, By.PERSON) in step.by


def plan(run: WorkflowRun, workflow: AnyWorkflow, within: timedelta | None) -> None:
    """Set until when the run may stay where it is, and wake who goes on or looks.

    Emits events; the caller stores the row.
    """
    before, run.deadline_at = run.deadline_at, _deadline(run, workflow, within)
    if run.deadline_at not in {None, before}:
        emit(RunDue(run=run.public_id, at=run.deadline_at))
    if any(s.take and run.state in s.at for s in workflow.steps):
        emit(RunReady(run=run.public_id, taken=run.taken))


def close(run: WorkflowRun, status: RunStatus, why: str = "") -> None:
    """Bring a run to its end, or to where only an operator helps. In an action."""
    machine.move(
        run,
        status,
        reason=why,
        field="status",
        ended_at=timezone.now(),
        deadline_at=None,
        why=why[:300] or run.why,
    )
    emit(RunEnded(run=run.public_id, workflow=run.workflow, status=status))


def _deadline(
    run: WorkflowRun, workflow: AnyWorkflow, within: timedelta | None
) -> datetime | None:
    if workflow.is_final(run.state):
        return None
    times = []
    if workflow.within is not None:
        times.append(run.created_at + workflow.within)
    if within is not None:
        times.append(timezone.now() + within)
    return min(times, default=None)


def _agent(actor: Actor) -> Agent | None:
    if actor.kind is not Kind.AGENT:
        return None
    return Agent.objects.get(public_id=actor.id)
