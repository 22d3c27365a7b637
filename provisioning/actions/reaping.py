"""What becomes of a run whose runner died, and of one that broke on our side."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F
from django.utils import timezone
from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove, PaybillError
from provisioning.actions.queueing import retry
from provisioning.events import RunQueued
from provisioning.models import Deployment, PlanFile, Run, StateLock
from provisioning.states import HELD, RunState
from provisioning.transitions import advance

ATTEMPTS = 3  # of runs that broke on our side; what Terraform refused is not repeated


class MissInput(Input):
    seen: datetime | None = Field(description="end of the lease that the reaper saw")


class MissRun(Action[Run, MissInput, Run]):
    """Note that a lease has ended; its runner, if it lives, renews it and is fine.

    From here a grace is counted, not from the end of the lease: that may lie in a
    time when the database was away and no runner could renew anything.
    """

    model = Run
    Input = MissInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: MissInput, *, actor: Actor) -> Run:
        _check_abandoned(target, data.seen)
        if target.missed_at is None:
            target.missed_at = timezone.now()
            target.save(update_fields=["missed_at"])
        return target


class ReapInput(Input):
    seen: datetime | None = Field(description="end of the lease that the reaper saw")


class ReapRun(Action[Run, ReapInput, Run]):
    """Take a run from a runner that died.

    A plan starts over. An apply ends as errored and is queued again, a few times:
    what exists is compared with the state before that is planned. The finish is taken
    up where it is. The fence rises, so a runner that is only slow can write nothing
    more.
    """

    model = Run
    Input = ReapInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: ReapInput, *, actor: Actor) -> Run:
        _check_abandoned(target, data.seen)
        raise_fence(target)
        if target.state == RunState.APPLYING:
            _end_broken(target)
            return target
        release(target)
        if target.state == RunState.PLANNING:
            advance(target, RunState.PENDING, reason="its runner died")
        events.emit(RunQueued(tenant=target.tenant.public_id, run=target.public_id))
        return target


def raise_fence(run: Run) -> None:
    """Whoever works on the run can write nothing any more, and holds no lock."""
    Deployment.objects.filter(pk=run.deployment_id).update(fence=F("fence") + 1)
    run.deployment.refresh_from_db(fields=["fence"])
    StateLock.objects.filter(deployment=run.deployment_id).delete()


def release(run: Run) -> None:
    """Nobody works on the run any more."""
    run.holder, run.lease_until, run.missed_at = "", None, None
    run.token_digest, run.token_writes = "", False
    run.save(
        update_fields=[
            "holder",
            "lease_until",
            "missed_at",
            "token_digest",
            "token_writes",
        ]
    )


def again(run: Run) -> None:
    """Queue a run that broke once more, if that may be done without a person."""
    run.deployment.refresh_from_db()
    if run.attempt >= ATTEMPTS or run.deployment.frozen:
        return
    if run.needs_confirmation or run.reasons:
        _add(run, "A person had to approve it, so it is not tried again by itself.")
        return
    try:
        retry(run)
    except PaybillError as error:  # not entitled any more, or no Terraform here
        _add(run, f"It is not tried again: {error.detail}.")


def _check_abandoned(run: Run, seen: datetime | None) -> None:
    if run.state not in HELD or run.lease_until != seen:
        raise IllegalMove(f"run is {run.state} and not without a runner")


def _end_broken(run: Run) -> None:
    _add(run, "The worker stopped while Terraform was at work.")
    PlanFile.objects.filter(run=run).delete()
    advance(run, RunState.ERRORED, reason="its runner died")
    again(run)


def _add(run: Run, words: str) -> None:
    run.explanation = f"{run.explanation} {words}".strip()
    run.save(update_fields=["explanation"])
