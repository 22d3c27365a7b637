"""What the runner and the reaper do to runs. Every step shows the fence it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone
from pydantic import ConfigDict, Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.crypto import redact
from paybill_site.kernel.errors import IllegalMove
from provisioning import drift, entitled, gates
from provisioning.actions.reaping import again, release
from provisioning.errors import Frozen, LeaseLost, Unsettled
from provisioning.events import RunWaiting
from provisioning.gates import Verdict
from provisioning.models import Deployment, PlanFile, Run
from provisioning.states import CLAIMABLE, Operation, RunState
from provisioning.transitions import advance

LEASE = timedelta(seconds=settings.PAYBILL_RUN_LEASE_SECONDS)


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
        _check_settled(target)
        held = target.lease_until is not None and target.lease_until > timezone.now()
        if held and target.holder != (data.reservation or None):
            raise LeaseLost(f"run is held by {target.holder}")
        Deployment.objects.filter(pk=target.deployment_id).update(fence=F("fence") + 1)
        target.deployment.refresh_from_db(fields=["fence"])
        target.fence, target.holder = target.deployment.fence, data.holder
        target.lease_until, target.missed_at = timezone.now() + LEASE, None
        target.token_digest, target.token_writes = "", False
        target.save()
        return target


def _check_settled(run: Run) -> None:
    """Raise unless it is known what exists, for a run that would plan or apply."""
    deployment = run.deployment
    if deployment.frozen and run.state != RunState.FINISHING:
        raise Frozen(deployment.frozen)
    writes = run.operation != Operation.REFRESH
    if writes and not deployment.settled and run.state == RunState.PENDING:
        raise Unsettled


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
        return new_token(target, data, writes=False)


class StartApply(Action[Run, StartInput, Run]):
    """Begin to apply the confirmed plan; the token opens the state for writing."""

    model = Run
    Input = StartInput
    permission = "provisioning.advance_run"

    def run(self, target: Run, data: StartInput, *, actor: Actor) -> Run:
        check_fence(target, data.fence)
        entitled.check(target.deployment, target.operation)
        gates.check_approval(target)
        advance(target, RunState.APPLYING)
        if target.inputs.get("protection"):  # from now on the cloud may refuse
            Deployment.objects.filter(pk=target.deployment_id).update(protected=True)
        return new_token(target, data, writes=True)


def new_token(run: Run, data: StartInput, *, writes: bool) -> Run:
    """Open the state for one more phase; the token of the one before is dead."""
    run.token_digest, run.token_writes = data.token_digest, writes
    run.save(update_fields=["token_digest", "token_writes"])
    return run


class PlannedInput(HeldInput):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    plan_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    plan_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    changes: dict[str, Any]
    verdict: Verdict = Field(
        default_factory=Verdict,
        description="what the gates say of the plan; the run's own page shows it",
        json_schema_extra={"sensitive": True},
    )
    content: bytes = Field(json_schema_extra={"sensitive": True}, repr=False)
    lock: str = Field(default="", max_length=200_000)


class FinishPlan(Action[Run, PlannedInput, Run]):
    """Keep the plan, encrypted, with its two digests and what the gates say of it.

    Refused: the run has failed. Nothing to change: it is finishing. A reason to look
    at it: it waits for a person. Else it may be applied.
    """

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
        gates.keep(target, data.verdict)
        if data.verdict.refused:
            _refuse(target, data.verdict)
        elif not data.changes.get("total"):
            advance(target, RunState.FINISHING, reason="nothing to change")
        else:
            _keep_plan(target, data)
        return target


def _refuse(run: Run, verdict: Verdict) -> None:
    run.explanation = "Policies refuse this plan:\n" + "\n".join(verdict.refused)
    run.save(update_fields=["explanation"])
    advance(run, RunState.FAILED, reason=verdict.refused[0][:200])


def _keep_plan(run: Run, data: PlannedInput) -> None:
    PlanFile.objects.update_or_create(
        run=run, defaults={"content": data.content, "lock": data.lock}
    )
    if not data.verdict.reasons:
        advance(run, RunState.CONFIRMED, reason="asks for no confirmation")
        return
    release(run)
    advance(run, RunState.WAITING, reason=data.verdict.reasons[0][:200])
    events.emit(RunWaiting(tenant=run.tenant.public_id, run=run.public_id))


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
        deployment.protected = bool(target.inputs.get("protection"))
        deployment.save(update_fields=["outputs", "stack_digest", "protected"])
        if target.operation in {Operation.APPLY, Operation.ADOPT}:
            drift.forget(deployment)
        advance(target, RunState.APPLIED)
        return target


class EndInput(HeldInput):
    state: RunState
    explanation: str = Field(max_length=4000)
    traceback: str = Field(
        default="", max_length=60_000, json_schema_extra={"sensitive": True}
    )
    again: bool = Field(default=False, description="what broke is worth another try")


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
        if data.again:
            again(target)
        return target
