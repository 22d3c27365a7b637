"""What the runner and the reaper do to runs. Every step shows the fence it holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone
from pydantic import ConfigDict, Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import redact
from paybill_site.kernel.errors import IllegalMove, PaybillError
from provisioning import entitled
from provisioning.actions.queueing import retry
from provisioning.errors import LeaseLost
from provisioning.events import RunQueued, RunWaiting
from provisioning.models import Deployment, PlanFile, Run, StateLock
from provisioning.states import CLAIMABLE, HELD, RunState
from provisioning.transitions import advance

LEASE = timedelta(seconds=45)
ATTEMPTS = 3  # of runs that broke on our side; what Terraform refused is not repeated


class ClaimInput(Input):
    holder: str = Field(max_length=120)
    reservation: str = Field(default="", max_length=120)


class ClaimRun(Action[Run, ClaimInput, Run]):
    """Take up a run: the lease is this runner's, and the fence rises above all."""

    model = Run
    Input = ClaimInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: ClaimInput, *, actor: Actor) -> Run:
        if target.state not in CLAIMABLE:
            raise IllegalMove(f"run is {target.state}; no runner can take it up")
        held = target.lease_until is not None and target.lease_until > timezone.now()
        if held and target.holder != (data.reservation or None):
            raise LeaseLost(f"run is held by {target.holder}")
        Deployment.objects.filter(pk=target.deployment_id).update(fence=F("fence") + 1)
        target.deployment.refresh_from_db(fields=["fence"])
        target.fence, target.holder = target.deployment.fence, data.holder
        target.lease_until, target.token_digest = timezone.now() + LEASE, ""
        target.save(update_fields=["fence", "holder", "lease_until", "token_digest"])
        return target


class HeldInput(Input):
    """Shown by every step of a runner: the number that it got with the lease."""

    fence: int = Field(ge=0, le=2**62)


def check_fence(run: Run, fence: int) -> None:
    """Raise LeaseLost unless ``fence`` is the newest of this run and its deployment."""
    newest = Deployment.objects.values_list("fence", flat=True).get(
        pk=run.deployment_id
    )
    if fence != run.fence or fence != newest:
        raise LeaseLost


class StartInput(HeldInput):
    token_digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class StartPlan(Action[Run, StartInput, Run]):
    """Begin to plan; the token opens the state for reading only."""

    model = Run
    Input = StartInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: StartInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        entitled.check(target.deployment, target.operation)
        advance(target, RunState.PLANNING)
        return _new_token(target, data)


class StartApply(Action[Run, StartInput, Run]):
    """Begin to apply the confirmed plan; the token opens the state for writing."""

    model = Run
    Input = StartInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: StartInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        entitled.check(target.deployment, target.operation)
        advance(target, RunState.APPLYING)
        return _new_token(target, data)


def _new_token(run: Run, data: StartInput) -> Run:
    run.token_digest = data.token_digest
    run.save(update_fields=["token_digest"])
    return run


class PlannedInput(HeldInput):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    plan_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    plan_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    changes: dict[str, Any]
    content: bytes = Field(json_schema_extra={"sensitive": True}, repr=False)
    lock: str = Field(default="", max_length=200_000)


class FinishPlan(Action[Run, PlannedInput, Run]):
    """Keep the plan, encrypted, with its two digests; it waits, or may be applied."""

    model = Run
    Input = PlannedInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: PlannedInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        target.plan_sha256, target.plan_digest = data.plan_sha256, data.plan_digest
        target.changes, target.token_digest = data.changes, ""
        target.save(
            update_fields=["plan_sha256", "plan_digest", "changes", "token_digest"]
        )
        if not data.changes.get("total"):
            advance(target, RunState.FINISHING, reason="nothing to change")
            return target
        PlanFile.objects.update_or_create(
            run=target, defaults={"content": data.content, "lock": data.lock}
        )
        if not target.needs_confirmation:
            advance(target, RunState.CONFIRMED, reason="asks for no confirmation")
            return target
        _release(target)
        advance(target, RunState.WAITING)
        events.emit(RunWaiting(tenant=target.tenant.public_id, run=target.public_id))
        return target


class FinishApply(Action[Run, HeldInput, Run]):
    """Terraform is done; what it made has to be filled, or proved to be gone."""

    model = Run
    Input = HeldInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: HeldInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        PlanFile.objects.filter(run=target).delete()
        target.token_digest = ""
        target.save(update_fields=["token_digest"])
        advance(target, RunState.FINISHING)
        return target


class CompleteInput(HeldInput):
    outputs: dict[str, Any] = Field(default_factory=dict)


class CompleteRun(Action[Run, CompleteInput, Run]):
    """Close a run that did what it was for."""

    model = Run
    Input = CompleteInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: CompleteInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        deployment = target.deployment
        deployment.outputs, deployment.stack_digest = data.outputs, target.stack_digest
        deployment.save(update_fields=["outputs", "stack_digest"])
        advance(target, RunState.APPLIED)
        return target


class EndInput(HeldInput):
    state: RunState
    explanation: str = Field(max_length=4000)
    traceback: str = Field(
        default="", max_length=60_000, json_schema_extra={"sensitive": True}
    )


class EndRun(Action[Run, EndInput, Run]):
    """Close a run that failed, broke or was canceled, and say why."""

    model = Run
    Input = EndInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: EndInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        target.explanation = redact(data.explanation)
        target.traceback = redact(data.traceback)
        target.save(update_fields=["explanation", "traceback"])
        PlanFile.objects.filter(run=target).delete()
        advance(target, data.state, reason=data.explanation.split("\n")[0][:200])
        return target


class ReapInput(Input):
    seen: datetime | None = Field(description="end of the lease that the reaper saw")


class ReapRun(Action[Run, ReapInput, Run]):
    """Take a run from a runner that died.

    A plan starts over. An apply ends as errored and is queued again from the state
    as it is, a few times. The finish is taken up where it is. The fence rises, so a
    runner that is only slow can write nothing more.
    """

    model = Run
    Input = ReapInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: ReapInput, *, actor: Actor) -> Run:
        if target.state not in HELD or target.lease_until != data.seen:
            raise IllegalMove(f"run is {target.state} and not without a runner")
        Deployment.objects.filter(pk=target.deployment_id).update(fence=F("fence") + 1)
        StateLock.objects.filter(deployment=target.deployment_id).delete()
        _release(target)
        if target.state == RunState.APPLYING:
            _end_broken(target)
            return target
        if target.state == RunState.PLANNING:
            advance(target, RunState.PENDING, reason="its runner died")
        events.emit(RunQueued(tenant=target.tenant.public_id, run=target.public_id))
        return target


def _end_broken(run: Run) -> None:
    run.explanation = "The worker stopped while Terraform was at work."
    run.save(update_fields=["explanation"])
    PlanFile.objects.filter(run=run).delete()
    advance(run, RunState.ERRORED, reason="its runner died")
    run.deployment.refresh_from_db()
    if run.attempt >= ATTEMPTS or run.deployment.frozen or run.needs_confirmation:
        return
    try:
        retry(run)
    except PaybillError as error:  # not entitled any more, or no Terraform here
        run.explanation += f" It is not tried again: {error.detail}."
        run.save(update_fields=["explanation"])


def _release(run: Run) -> None:
    run.holder, run.lease_until, run.token_digest = "", None, ""
    run.save(update_fields=["holder", "lease_until", "token_digest"])
