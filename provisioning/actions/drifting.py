"""What to do about a change that was made outside: take it over, or undo it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paybill_site.kernel.actions import Action, Danger, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.ids import new_id
from provisioning.actions.queueing import Asked, enqueue, person
from provisioning.models import Deployment, Run
from provisioning.states import DeploymentState, Operation


class AdoptDrift(Action[Deployment, NoInput, Run]):
    """Take what changed outside over into the state; a person looks at it first."""

    model = Deployment
    permission = "provisioning.queue_run"
    danger = Danger.CAREFUL
    legal_in = frozenset({DeploymentState.READY, DeploymentState.BROKEN})

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> Run:
        return _answer(target, actor, Operation.ADOPT)

    def recall(self, output: Mapping[str, Any]) -> Run | None:
        return Run._base_manager.filter(public_id=output.get("id", "")).first()


class RepairDrift(Action[Deployment, NoInput, Run]):
    """Undo what changed outside: build again what the stack says."""

    model = Deployment
    permission = "provisioning.queue_run"
    danger = Danger.CAREFUL
    legal_in = frozenset({DeploymentState.READY, DeploymentState.BROKEN})

    def run(self, target: Deployment, data: NoInput, *, actor: Actor) -> Run:
        return _answer(target, actor, Operation.APPLY)

    def recall(self, output: Mapping[str, Any]) -> Run | None:
        return Run._base_manager.filter(public_id=output.get("id", "")).first()


def _answer(deployment: Deployment, actor: Actor, operation: Operation) -> Run:
    if not deployment.drift:
        raise IllegalMove("nothing was found changed outside")
    asked = Asked(
        operation=operation,
        trigger=new_id("trg"),
        needs_confirmation=operation == Operation.ADOPT,
        requested_by=person(actor),
    )
    return enqueue(deployment, asked)
