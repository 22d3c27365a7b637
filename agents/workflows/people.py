"""Runs as people and their programs begin them and go on with them.

They do what a tool of an agent does: the start of a workflow is an action on its
subject, a step is its action with the run's id, and every gate is the same.
"""

from __future__ import annotations

from typing import Any

from agents.models import WorkflowRun
from agents.workflows.opening import GOING, may_take
from paybill_site.kernel import planes
from paybill_site.kernel.actions import AnyAction
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.workflows import AnyWorkflow, Step, registry


def declared(name: str) -> AnyWorkflow:
    """The workflow of this plane with this name. Raises NotFound."""
    found = registry.get(name)
    labels = planes.plane_labels(planes.here().schema)
    if found is None or found.model._meta.app_label not in labels:
        raise NotFound("there is no such workflow")
    return found


def starts(model: type[Any]) -> tuple[AnyAction, ...]:
    """The actions that begin a run on rows of a model."""
    return tuple(one.start for one in registry.values() if one.model is model)


def step(run: WorkflowRun, name: str) -> Step:
    """A step of the run by its name. Raises NotFound."""
    steps = {one.name: one for one in declared(run.workflow).steps}
    if name not in steps:
        raise NotFound("the run has no such step")
    return steps[name]


def subject_of(run: WorkflowRun) -> str:
    """The public id of the row that a run is about."""
    return run.subject.rpartition(":")[2]


def offered(run: WorkflowRun, actor: Actor) -> list[Step]:
    """The steps that the actor may take on the run's row where the run stands now.

    Guards are asked when a step is taken.
    """
    workflow = registry.get(run.workflow)
    if workflow is None or run.status not in GOING or run.version != workflow.version():
        return []
    return [
        one
        for one in workflow.steps
        if run.state in one.at
        and one.action.model is workflow.model
        and not one.action.creates
        and may_take(actor, one)
        and actor.may(one.action.permission)
    ]
