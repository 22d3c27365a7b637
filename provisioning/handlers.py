"""What provisioning does when a subscription or a tenant changes.

Handlers run at least once and outside transactions; the delivery id is the trigger
of the run, so a repeat is the same run.
"""

from __future__ import annotations

from contextlib import suppress

from billing.events import (
    AccessChanged,
    PlanChanged,
    SubscriptionActivated,
    SubscriptionEnded,
)
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from provisioning import entitled
from provisioning.actions import PrepareDeployment, QueueRun, RequestBackup
from provisioning.databases.errors import BacksItselfUp, NoDatabase
from provisioning.databases.states import BackupReason
from provisioning.events import RunConfirmed, RunEnded, RunQueued
from provisioning.models import Deployment
from provisioning.removal.steps import AT_THE_END
from provisioning.states import FINAL, DeploymentState, Operation, RunState
from provisioning.system import PROVISIONING
from provisioning.tasks import wake
from tenants import handlers as tenants
from tenants import opening, pool
from tenants.actions import ClaimPlacement
from tenants.actions.places import taken
from tenants.errors import NoWarmPlacement
from tenants.models import Tenant
from tenants.states import EntitlementState, TenantState

CLAIMS = 20
GONE = {TenantState.CLOSING, TenantState.CLOSED}
standing = Deployment.objects.filter(state=DeploymentState.READY)


@handles(SubscriptionActivated)
def build_for_subscription(event: SubscriptionActivated, delivery_id: str) -> None:
    """Give the tenant its place: from the pool, or by a run of Terraform."""
    _build(Tenant.objects.get(public_id=event.tenant), delivery_id)


@handles(PlanChanged)
def rebuild_for_plan(event: PlanChanged, delivery_id: str) -> None:
    """Give the deployment its new inputs; in the pool nothing has to be rebuilt.

    A plan that leaves the inputs as they are (other prices, other limits) makes no run:
    its limits reach the tenant with the licence.
    """
    tenant = Tenant.objects.get(public_id=event.tenant)
    if tenant.state not in GONE and not _is_as_wanted(tenant):
        _build(tenant, delivery_id)


@handles(AccessChanged)
def fit_to_subscription(event: AccessChanged, delivery_id: str) -> None:
    """Make what stands smaller for a tenant that is closed, and large again after.

    What the tenant is entitled to now decides, not the event: one that comes late, or
    again, or before another, finds that all is as it should be. Data is never touched.
    """
    tenant = Tenant.objects.get(public_id=event.tenant)
    if tenant.state in GONE or _is_as_wanted(tenant):
        return
    entitlement = entitled.entitlement_of(tenant)
    if not entitled.needs_own_infrastructure(entitlement) and taken(tenant):
        return  # in the pool nothing has a size
    if entitlement.state in entitled.PERMITS:
        _build(tenant, delivery_id)
        return
    for deployment in standing.filter(tenant=tenant):
        if entitled.sleeps(deployment, entitlement):
            asked = {"operation": "apply", "trigger": delivery_id}
            perform(QueueRun, deployment, asked, actor=PROVISIONING)


def _is_as_wanted(tenant: Tenant) -> bool:
    return any(map(entitled.is_as_wanted, tenant.deployments.all()))


def _build(tenant: Tenant, delivery_id: str) -> None:
    entitlement = entitled.entitlement_of(tenant)
    entitled.check_no_move(tenant, entitlement)
    if entitlement.state in entitled.CLOSED:
        return  # closed since: whoever opens it again has it built
    if not entitled.needs_own_infrastructure(entitlement):
        _claim(tenant, delivery_id)
        return
    deployment = perform(PrepareDeployment, tenant, actor=PROVISIONING).result
    asked = {"operation": "apply", "trigger": delivery_id}
    perform(QueueRun, deployment, asked, actor=PROVISIONING)


@handles(SubscriptionEnded)
def back_up_at_the_end(event: SubscriptionEnded, delivery_id: str) -> None:
    """Take the last backup when a subscription ends: nobody writes any more after it.

    What stands is kept as well, for the days of the plan. Where Paybill does not reach
    the database, its cloud keeps the backups.
    """
    tenant = Tenant.objects.get(public_id=event.tenant)
    entitlement = entitled.entitlement_of(tenant)
    if tenant.state in GONE or entitlement.state != EntitlementState.ENDED:
        return
    trigger = f"{AT_THE_END}{event.subscription}:{event.version}"
    asked = {"reason": BackupReason.FINAL.value, "trigger": trigger}
    with suppress(NoDatabase, BacksItselfUp):
        perform(RequestBackup, tenant, asked, actor=PROVISIONING)


@opening.wait_while
def is_asleep(tenant: Tenant) -> bool:
    """Whether the tenant's infrastructure has to be made large again before it opens.

    When that failed the tenant is let in nevertheless: slow is better than closed.
    """
    return any(
        entitled.stands_asleep(one) and not _failed_to_wake(one)
        for one in standing.filter(tenant=tenant)
    )


def _failed_to_wake(deployment: Deployment) -> bool:
    newest = deployment.runs.filter(operation=Operation.APPLY).order_by("-id").first()
    awake = newest is not None and not newest.inputs.get("asleep")
    return awake and newest is not None and newest.state in FINAL


@handles(RunEnded)
def open_after_all(event: RunEnded, delivery_id: str) -> None:
    """Open a tenant that waited for a run which ended badly."""
    if event.operation == Operation.APPLY and event.state != RunState.APPLIED:
        tenants.open_or_close(event.tenant, delivery_id)


def _claim(tenant: Tenant, delivery_id: str) -> None:
    for _ in range(CLAIMS):
        try:
            perform(ClaimPlacement, tenant, actor=PROVISIONING, key=delivery_id)
            return
        except NoWarmPlacement:
            # A burst emptied the pool: make one place, not a whole pool. Another of
            # the burst may take it first, so this is done more than once.
            pool.fill(1)
    raise NoWarmPlacement


@handles(RunQueued)
def start_worker(event: RunQueued, delivery_id: str) -> None:
    """Wake a worker for a run that waits."""
    wake(event.run)


@handles(RunConfirmed)
def go_on(event: RunConfirmed, delivery_id: str) -> None:
    """Wake a worker for a plan that may be applied."""
    wake(event.run)
