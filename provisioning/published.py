"""What accounts can be told of their infrastructure."""

from __future__ import annotations

from pydantic import Field

from provisioning.events import (
    BackupFinished,
    DeploymentGone,
    DeploymentReady,
    RemovalDone,
    RunEnded,
)
from tenants.hooks import Fact, publishes
from tenants.models import Tenant


class RunFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    deployment: str = Field(description="public id of the deployment")
    run: str = Field(description="public id of the run")
    operation: str = Field(description="apply, destroy, refresh ...")
    state: str = Field(description="the run's final state")


class DeploymentFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    deployment: str = Field(description="public id of the deployment")


class BackupFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    backup: str = Field(description="public id of the backup")
    state: str = Field(description="ready or failed")


class RemovalFact(Fact):
    tenant: str = Field(description="public id of the tenant")
    removal: str = Field(description="public id of the removal and its signed record")


def run(event: RunEnded) -> RunFact:
    return RunFact(
        account=_account(event.tenant),
        tenant=event.tenant,
        deployment=event.deployment,
        run=event.run,
        operation=event.operation,
        state=event.state,
    )


def deployment(event: DeploymentReady | DeploymentGone) -> DeploymentFact:
    return DeploymentFact(
        account=_account(event.tenant),
        tenant=event.tenant,
        deployment=event.deployment,
    )


def backup(event: BackupFinished) -> BackupFact:
    return BackupFact(
        account=_account(event.tenant),
        tenant=event.tenant,
        backup=event.backup,
        state=event.state,
    )


def removal(event: RemovalDone) -> RemovalFact:
    return RemovalFact(
        account=_account(event.tenant), tenant=event.tenant, removal=event.removal
    )


def _account(tenant: str) -> str:
    row = Tenant.objects.select_related("account").get(public_id=tenant)
    return row.account.public_id


publishes(RunEnded, "run.ended", run)
publishes(DeploymentReady, "deployment.ready", deployment)
publishes(DeploymentGone, "deployment.gone", deployment)
publishes(BackupFinished, "backup.finished", backup)
publishes(RemovalDone, "removal.done", removal)
