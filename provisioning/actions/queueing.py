"""Asking for infrastructure: a deployment for a tenant, a run for a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import Conflict, IllegalMove
from paybill_site.kernel.ids import new_id
from provisioning import attempts, entitled, stacks, terraform
from provisioning.clouds import ledger
from provisioning.errors import Frozen, Protected, RunActive
from provisioning.events import RunQueued
from provisioning.models import Deployment, Run, RunPhase, StackVersion
from provisioning.states import (
    ACTIVE,
    FINAL,
    DeploymentState,
    Operation,
    Phase,
    RunState,
)
from provisioning.transitions import advance
from tenants.models import Tenant


class PrepareDeployment(Action[Tenant, NoInput, Deployment]):
    """Note which infrastructure of its own a tenant is entitled to; builds nothing."""

    model = Tenant
    permission = "provisioning.add_deployment"

    def run(self, target: Tenant, data: NoInput, *, actor: Actor) -> Deployment:
        existing = _standing(target)
        if existing is not None:
            return existing
        entitlement = entitled.entitlement_of(target)
        stacks.find(entitlement.cloud, entitlement.isolation)
        deployment = Deployment.objects.create(
            tenant=target,
            kind=entitlement.isolation,
            cloud=entitlement.cloud,
            region=entitlement.region,
            account=ledger.choose(entitlement.cloud, entitlement.region),
            generation=target.deployments.count() + 1,
        )
        ledger.claim_network(deployment)
        target.simulated = deployment.simulated
        target.save(update_fields=["simulated"])
        return deployment

    def recall(self, output: Mapping[str, Any]) -> Deployment | None:
        return Deployment._base_manager.filter(public_id=output.get("id", "")).first()


def _standing(tenant: Tenant) -> Deployment | None:
    standing = Deployment.objects.filter(tenant=tenant)
    return standing.exclude(state=DeploymentState.GONE).first()


class QueueRunInput(Input):
    operation: Operation = Field(default=Operation.APPLY, title="Operation")
    trigger: str = Field(
        default="",
        max_length=100,
        title="Trigger",
        description="What asks for it; the same again is the same run.",
    )
    needs_confirmation: bool = Field(
        default=False,
        title="Wait for confirmation",
        description="A person looks at the plan before it is applied.",
    )


class QueueRun(Action[Deployment, QueueRunInput, Run]):
    """Queue a run of Terraform: a plan, then the apply of exactly that plan."""

    model = Deployment
    Input = QueueRunInput
    permission = "provisioning.queue_run"
    danger = Danger.CAREFUL
    legal_in = frozenset(DeploymentState) - {DeploymentState.GONE}

    def run(self, target: Deployment, data: QueueRunInput, *, actor: Actor) -> Run:
        earlier = Run.objects.filter(trigger=data.trigger).first()
        if data.trigger and earlier is not None:
            if earlier.deployment_id != target.pk:
                raise Conflict("this trigger belongs to another deployment's run")
            return earlier
        asked = Asked(
            operation=Operation(data.operation),
            trigger=data.trigger or new_id("trg"),
            needs_confirmation=data.needs_confirmation,
            requested_by=person(actor),
        )
        return enqueue(target, asked)

    def recall(self, output: Mapping[str, Any]) -> Run | None:
        return Run._base_manager.filter(public_id=output.get("id", "")).first()


class RetryRun(Action[Run, NoInput, Run]):
    """Queue a run that ended badly once more, from the state as it is now."""

    model = Run
    permission = "provisioning.retry_run"
    danger = Danger.CAREFUL
    legal_in = FINAL - {RunState.APPLIED}

    def run(self, target: Run, data: NoInput, *, actor: Actor) -> Run:
        if target.state not in FINAL - {RunState.APPLIED}:
            raise IllegalMove(
                f"run is {target.state}; only one that ended badly is retried"
            )
        return retry(target, requested_by=person(actor))


def retry(run: Run, *, requested_by: str | None = None) -> Run:
    """The next attempt at a run; asked for twice, it is the same.

    ``requested_by``: who asks now; else whoever asked for the run itself.
    """
    asked = Asked(
        operation=Operation(run.operation),
        trigger=attempts.trigger(run),
        needs_confirmation=run.needs_confirmation,
        requested_by=run.requested_by if requested_by is None else requested_by,
        attempt=run.attempt + 1,
    )
    return attempts.following(run) or enqueue(run.deployment, asked)


def person(actor: Actor) -> str:
    """Who answers for a run: whoever asked, or "" when the system did by itself."""
    return "" if actor.kind is Kind.SYSTEM else actor.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a deployment, by whom, and why; same trigger, same run."""

    operation: Operation
    trigger: str
    needs_confirmation: bool = False
    requested_by: str = ""
    attempt: int = 1
    imports: list[dict[str, str]] = field(default_factory=list)


def enqueue(deployment: Deployment, asked: Asked) -> Run:
    """Pin what the run will do, and queue it. For actions, on a locked deployment.

    Raises IllegalMove, Frozen, Protected, NotEntitled, NeedsMove, NoImage,
    AccountRefuses, RunActive, UnknownStack, TerraformMissing.
    """
    _check(deployment, asked.operation)
    _make_way(deployment, asked.operation)
    version = _stack(deployment)
    run = Run.objects.create(
        deployment=deployment,
        operation=asked.operation,
        trigger=asked.trigger,
        attempt=asked.attempt,
        needs_confirmation=asked.needs_confirmation,
        requested_by=asked.requested_by,
        inputs=entitled.inputs(deployment, asked.operation),
        imports=asked.imports,
        stack=version.name,
        stack_version=version,
        stack_digest=version.digest,
        terraform_version=terraform.version(),
    )
    RunPhase.objects.bulk_create(RunPhase(run=run, name=name) for name in Phase)
    events.emit(RunQueued(tenant=run.tenant.public_id, run=run.public_id))
    return run


def _check(deployment: Deployment, operation: Operation) -> None:
    if deployment.state == DeploymentState.GONE:
        raise IllegalMove("deployment is gone; it can not become anything")
    if deployment.frozen:
        raise Frozen(deployment.frozen)
    if operation == Operation.DESTROY and deployment.protected:
        raise Protected
    entitled.check(deployment, operation)
    if operation == Operation.APPLY:
        ledger.check(deployment)


def _make_way(deployment: Deployment, operation: Operation) -> None:
    """One run at a time; but a look is ended at once when there is work to do."""
    # The target row is locked, so the constraint behind this is never reached.
    active = deployment.runs.filter(state__in=ACTIVE).first()
    if active is None:
        return
    if active.operation != Operation.REFRESH or operation == Operation.REFRESH:
        raise RunActive(f"{active.public_id} of this deployment is {active.state}")
    active.explanation = "It was only a look, and a run was queued."
    active.save(update_fields=["explanation"])
    advance(active, RunState.CANCELED, reason="a run was queued")


def _stack(deployment: Deployment) -> StackVersion:
    """The version that the deployment stays on; with its first run, the newest."""
    if deployment.stack_version is None:
        deployment.stack_version = stacks.newest(deployment.cloud, deployment.kind)
        deployment.save(update_fields=["stack_version"])
    return deployment.stack_version
