"""A step is an action in its place: a gate finds the place, a closing keeps the step.

1. The gate finds the run among those of the actor, locks its subject, then the run.
2. It asks, in this order: is the run going, of this version of the declaration, in
   time; is the action a step of it, on its subject, in this state, for who asks; then
   the guards in their order. The first that says no is the rule of the refusal.
3. After the effect, in its transaction, the closing stores the step and moves the run
   by an UPDATE that still expects the state in which the gate found it.

What a person does at a door of their own is the step of the run that waits for it:
rows and runs never tell different stories.

So an effect and its step are committed together or not at all. A call that is repeated
under its key is answered by the kernel before any of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone

from agents.approvals import ending
from agents.errors import OutOfWorkflow
from agents.models import WorkflowRun, WorkflowStep
from agents.states import RunStatus
from agents.workflows import compensating
from agents.workflows.opening import GOING, check, close, machine, may_take, plan
from paybill_site.kernel.actions import Call, closing, gate
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.acts import Act
from paybill_site.kernel.audit import digest_of
from paybill_site.kernel.errors import Conflict, NotFound
from paybill_site.kernel.ids import is_id
from paybill_site.kernel.models import reference
from paybill_site.kernel.workflows import (
    AnyWorkflow,
    Moment,
    Step,
    bound,
    registry,
)

STEP = "workflow"


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that is about to be taken; ``undoes`` is set when one is taken back."""

    run: WorkflowRun
    workflow: AnyWorkflow
    step: Step
    moment: Moment
    undoes: WorkflowStep | None = None


@gate
def in_its_place(call: Call) -> None:
    """Refuse a step outside its place. Raises OutOfWorkflow, RuleBroken, NotFound."""
    taken = _found(call) if call.run else _outside(call)
    if taken is None:
        return
    call.notes[STEP] = taken
    call.facts["workflow"] = {
        "run": taken.run.public_id,
        "name": taken.run.workflow,
        "version": taken.run.version,
        "step": taken.step.name,
        "state": taken.run.state,
        "seq": taken.run.taken + 1,
        "rules": [guard.rule for guard in taken.step.guards],
    }


def step_of(call: Call) -> Taken | None:
    """The step as which a call passed the gate."""
    found: Taken | None = call.notes.get(STEP)
    return found


def _outside(call: Call) -> Taken | None:
    """The step of an open run that this is, though it was called without one."""
    names = bound.get(call.action)
    if not names or call.actor.kind is Kind.SYSTEM:
        return None
    if call.actor.kind is Kind.AGENT:
        raise OutOfWorkflow(rule="workflow")
    steps = [step for name in names for step in registry[name].steps]
    if not any(may_take(call.actor, s) for s in steps if s.action is call.action):
        raise OutOfWorkflow("this step is not for people", rule="step_by")
    return _awaited(call, names)


def _awaited(call: Call, names: set[str]) -> Taken | None:
    """The step for which a run on this row waits, and which is for whoever calls."""
    if call.target is None:
        return None
    here = WorkflowRun.objects.filter(workflow__in=names, status__in=GOING)
    rows = here.filter(subject=reference(call.target)).order_by("pk")
    for run in rows.select_for_update(no_key=True):
        workflow = registry[run.workflow]
        try:
            _check_run(run, workflow)
            step = _placed(run, workflow, call.target, call)
        except OutOfWorkflow:
            continue  # it does not wait for this
        moment = Moment(call.target, call.target, call.data, call.actor, run.data)
        check(step.guards, moment)
        return Taken(run, workflow, step, moment)
    return None


def _found(call: Call) -> Taken:
    seen = visible(call.run, call.actor)
    workflow = registry.get(seen.workflow)
    if workflow is None:
        raise OutOfWorkflow("this workflow is no longer declared", rule="version")
    subject = _subject(seen, workflow, call)
    run = WorkflowRun.objects.select_for_update(no_key=True).get(pk=seen.pk)
    if run.status == RunStatus.COMPENSATING and call.actor.id == compensating.ME:
        undone, step = compensating.due(run, workflow, call.action)
        moment = Moment(subject, call.target, call.data, call.actor, run.data)
        return Taken(run, workflow, step, moment, undoes=undone)
    _check_run(run, workflow)
    step = _placed(run, workflow, subject, call)
    moment = Moment(subject, call.target, call.data, call.actor, run.data)
    check(step.guards, moment)
    return Taken(run, workflow, step, moment)


def visible(public_id: str, actor: Actor) -> WorkflowRun:
    """The run, if the actor may see it, or began it. Raises NotFound."""
    rows = WorkflowRun.objects.visible_to(actor)
    if actor.kind is not Kind.AGENT:  # whoever began it goes on with it
        mine = Q(started_by=actor.id) | Q(pk__in=rows.order_by().values("pk"))
        rows = WorkflowRun.objects.filter(mine)
    run = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    if run is None:
        raise NotFound("there is no such run", rule="run")
    return run


def _subject(run: WorkflowRun, workflow: AnyWorkflow, call: Call) -> Any:
    """The run's row, locked; that of the call when it is the same."""
    target = call.target
    if isinstance(target, Model) and reference(target) == run.subject:
        return target
    rows: Any = workflow.model._default_manager
    if call.actor.kind is Kind.AGENT:
        rows = rows.visible_to(call.actor)
    name = run.subject.rpartition(":")[2]
    locked = rows.filter(public_id=name).select_for_update(of=("self",), no_key=True)
    subject = locked.first()
    if subject is None:
        raise NotFound("there is no such run", rule="run")
    return subject


def _check_run(run: WorkflowRun, workflow: AnyWorkflow) -> None:
    if run.status not in GOING:
        raise OutOfWorkflow(f"the run is {run.status}", rule="workflow_state")
    if run.version != workflow.version():
        says = "the workflow has changed since; start a new run"
        raise OutOfWorkflow(says, rule="version")
    if run.deadline_at is not None and run.deadline_at <= timezone.now():
        raise OutOfWorkflow("the run is over its time", rule="deadline")


def _placed(run: WorkflowRun, workflow: AnyWorkflow, subject: Any, call: Call) -> Step:
    steps = [step for step in workflow.steps if step.action is call.action]
    if not steps:
        raise OutOfWorkflow("this is no step of the run", rule="workflow")
    if not any(_is_about(step, subject, call) for step in steps):
        raise OutOfWorkflow("the run is about something else", rule="subject")
    here = [step for step in steps if run.state in step.at]
    if not here:
        says = f"not while the run is {run.state}"
        raise OutOfWorkflow(says, rule="workflow_state")
    for step in here:
        if may_take(call.actor, step):
            return step
    raise OutOfWorkflow("this step is for somebody else", rule="step_by")


def _is_about(step: Step, subject: Any, call: Call) -> bool:
    target = call.target
    if target is None:
        return True  # what is made does not belong to anything yet; guards tell
    if step.belongs is not None:
        return step.belongs(subject, target)
    if type(target) is type(subject):
        return bool(target.pk == subject.pk)
    return any(
        field.related_model is type(subject)
        and getattr(target, field.attname) == subject.pk
        for field in target._meta.concrete_fields
        if field.is_relation
    )


@closing
def keep_step(call: Call, act: Act, result: Any) -> None:
    """Store the step and move the run, in the transaction of the effect."""
    taken = step_of(call)
    if taken is None:
        return
    if taken.undoes is not None:
        compensating.mark(taken.undoes)
        return
    run, step = taken.run, taken.step
    output = call.action().present(result)
    old, seq = run.state, run.taken + 1
    WorkflowStep.objects.create(
        run=run,
        seq=seq,
        name=step.name,
        key=f"{run.public_id}:{seq}:{digest_of(call.key)[:16]}",
        by=call.actor.id,
        output=output,
        target=reference(call.target) if call.target else call.target_name(result),
        old=old,
        new=step.to,
    )
    run.state, run.taken = step.to, seq
    run.data = {**run.data, step.name: output}
    plan(run, taken.workflow, step.within)
    _store(run, old)
    if taken.workflow.is_final(step.to):
        close(run, RunStatus.DONE)
    elif run.status == RunStatus.WAITING:
        machine.move(run, RunStatus.ACTIVE, field="status")
    ending.void_others(run, used=call.approval)


def _store(run: WorkflowRun, old: str) -> None:
    rows = WorkflowRun.objects.filter(pk=run.pk, state=old, taken=run.taken - 1)
    stored = rows.update(
        state=run.state, taken=run.taken, data=run.data, deadline_at=run.deadline_at
    )
    if stored != 1:
        raise Conflict("the run went on meanwhile; look again, then repeat")
