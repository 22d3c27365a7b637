"""Asking for infrastructure: a deployment for a tenant, a run for a deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from paybill_site.kernel import events
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import IllegalMove
from paybill_site.kernel.ids import new_id
from provisioning import entitled, stacks, terraform
from provisioning.errors import Frozen, RunActive
from provisioning.events import RunQueued
from provisioning.models import Deployment, Run, RunPhase
from provisioning.states import (
    ACTIVE,
    FINAL,
    DeploymentState,
    Operation,
    Phase,
    RunState,
)
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
        return Deployment.objects.create(
            tenant=target,
            kind=entitlement.isolation,
            cloud=entitlement.cloud,
            region=entitlement.region,
            generation=target.deployments.count() + 1,
        )

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
            return earlier
        return _queue(
            target,
            Operation(data.operation),
            trigger=data.trigger or new_id("trg"),
            needs_confirmation=data.needs_confirmation,
        )

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
        return retry(target)


def retry(run: Run) -> Run:
    """The next attempt at a run; asked for twice, it is the same."""
    trigger = f"retry:{run.public_id}"
    again = Run.objects.filter(trigger=trigger).first()
    return again or _queue(
        run.deployment,
        Operation(run.operation),
        trigger=trigger,
        needs_confirmation=run.needs_confirmation,
        attempt=run.attempt + 1,
    )


def _queue(
    deployment: Deployment,
    operation: Operation,
    *,
    trigger: str,
    needs_confirmation: bool,
    attempt: int = 1,
) -> Run:
    _check(deployment, operation)
    stack = stacks.find(deployment.cloud, deployment.kind)
    run = Run.objects.create(
        deployment=deployment,
        operation=operation,
        trigger=trigger,
        attempt=attempt,
        needs_confirmation=needs_confirmation,
        inputs=entitled.inputs(deployment),
        stack=stack.name,
        stack_digest=stack.digest(),
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
    entitled.check(deployment, operation)
    # The target row is locked, so the constraint behind this is never reached.
    active = deployment.runs.filter(state__in=ACTIVE).first()
    if active is not None:
        raise RunActive(f"{active.public_id} of this deployment is {active.state}")
