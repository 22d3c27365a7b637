"""One deployment of a rollout: moved to the new version, and what became of it."""

from __future__ import annotations

from django.utils import timezone
from pydantic import Field

from paybill_site.kernel.actions import Action, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from provisioning import attempts
from provisioning.actions.queueing import Asked, enqueue
from provisioning.actions.upgrading import ITEM
from provisioning.fleet.states import ItemState, RolloutState
from provisioning.models import Deployment, Rollout, RolloutItem, Run
from provisioning.states import ACTIVE, Operation, Phase, RunState


class BeginUpgrade(Action[RolloutItem, NoInput, Run]):
    """Put a deployment on the new version and queue the run that builds it.

    Raises what queueing a run raises; the deployment then stays where it was.
    """

    model = RolloutItem
    permission = "provisioning.advance_rollout"

    def run(self, target: RolloutItem, data: NoInput, *, actor: Actor) -> Run:
        rollout = _room_in(target.rollout_id)
        rows = Deployment.objects.select_for_update(of=("self",), no_key=True)
        deployment = rows.get(pk=target.deployment_id)
        ITEM.move(target, ItemState.RUNNING)
        target.before = deployment.stack_version
        deployment.stack_version = rollout.target
        deployment.save(update_fields=["stack_version"])
        target.run = enqueue(deployment, _asked(target, rollout))
        target.began_at, target.explanation = timezone.now(), ""
        target.save(update_fields=["before", "run", "began_at", "explanation"])
        return target.run


def _room_in(pk: int) -> Rollout:
    """The rollout, locked, while it takes one more. Raises IllegalMove."""
    rows = Rollout.objects.select_for_update(of=("self",), no_key=True)
    rollout = rows.select_related("target").get(pk=pk)
    if rollout.state != RolloutState.RUNNING:
        raise IllegalMove(f"rollout is {rollout.state}; nothing new begins")
    if rollout.items.filter(state=ItemState.RUNNING).count() >= rollout.at_once:
        raise IllegalMove(f"{rollout.at_once} deployments are being upgraded already")
    return rollout


def _asked(item: RolloutItem, rollout: Rollout) -> Asked:
    earlier = Run.objects.filter(trigger__startswith=f"{item.public_id}:").count()
    return Asked(
        operation=Operation.APPLY,
        trigger=f"{item.public_id}:{earlier + 1}",
        needs_confirmation=rollout.confirm,
        requested_by=rollout.requested_by,
    )


class SettleUpgrade(Action[RolloutItem, NoInput, RolloutItem]):
    """Note how the run of an upgrade ended; before its apply nothing was moved."""

    model = RolloutItem
    permission = "provisioning.advance_rollout"

    def run(self, target: RolloutItem, data: NoInput, *, actor: Actor) -> RolloutItem:
        if target.run is None or target.state != ItemState.RUNNING:
            raise IllegalMove(f"upgrade is {target.state}")
        target.run = run = attempts.newest(target.run)
        if run.state not in ACTIVE:
            _end(target, run)
        target.save(update_fields=["run", "explanation", "ended_at"])
        return target


def _end(item: RolloutItem, run: Run) -> None:
    item.ended_at = timezone.now()
    if run.state == RunState.APPLIED:
        ITEM.move(item, ItemState.DONE)
        return
    item.explanation = f"{run.public_id} is {run.state}: {run.explanation}"[:2000]
    ITEM.move(item, ItemState.FAILED)
    if not _was_applied(run):
        target = item.rollout.target_id
        mine = Deployment.objects.filter(pk=item.deployment_id, stack_version=target)
        mine.update(stack_version=item.before)


def _was_applied(run: Run) -> bool:
    """Whether this attempt, or one before it, came to its apply."""
    begun = run.deployment.runs.filter(
        stack_version=run.stack_version_id,
        operation=Operation.APPLY,
        phases__name=Phase.APPLY,
        phases__started_at__isnull=False,
    )
    return begun.exists()


class LeaveUpgradeInput(Input):
    why: str = Field(max_length=2000)


class LeaveUpgrade(Action[RolloutItem, LeaveUpgradeInput, RolloutItem]):
    """Note that a deployment can not be upgraded, and why."""

    model = RolloutItem
    Input = LeaveUpgradeInput
    permission = "provisioning.advance_rollout"

    def run(
        self, target: RolloutItem, data: LeaveUpgradeInput, *, actor: Actor
    ) -> RolloutItem:
        ITEM.move(target, ItemState.FAILED)
        target.explanation, target.ended_at = data.why, timezone.now()
        target.save(update_fields=["explanation", "ended_at"])
        return target
