"""What provisioning does when a subscription or a tenant changes.

Handlers run at least once and outside transactions; the delivery id is the trigger
of the run, so a repeat is the same run.
"""

from __future__ import annotations

from billing.events import PlanChanged, SubscriptionActivated
from paybill_site.kernel.actions import perform
from paybill_site.kernel.events import handles
from provisioning import entitled
from provisioning.actions import PrepareDeployment, QueueRun
from provisioning.events import RunConfirmed, RunQueued
from provisioning.system import PROVISIONING
from provisioning.tasks import wake
from tenants import pool
from tenants.actions import ClaimPlacement
from tenants.errors import NoWarmPlacement
from tenants.models import Tenant
from tenants.states import TenantState

CLAIMS = 20


@handles(SubscriptionActivated)
def build_for_subscription(event: SubscriptionActivated, delivery_id: str) -> None:
    """Give the tenant its place: from the pool, or by a run of Terraform."""
    _build(event.tenant, delivery_id)


@handles(PlanChanged)
def rebuild_for_plan(event: PlanChanged, delivery_id: str) -> None:
    """Give the deployment its new inputs; in the pool nothing has to be rebuilt.

    A plan that leaves the inputs as they are (other prices, other limits) makes no run:
    its limits reach the tenant with the licence.
    """
    tenant = Tenant.objects.get(public_id=event.tenant)
    if tenant.state in {TenantState.CLOSING, TenantState.CLOSED}:
        return
    if any(map(entitled.is_as_wanted, tenant.deployments.all())):
        return
    _build(event.tenant, delivery_id)


def _build(tenant_id: str, delivery_id: str) -> None:
    tenant = Tenant.objects.get(public_id=tenant_id)
    entitlement = entitled.entitlement_of(tenant)
    entitled.check_no_move(tenant, entitlement)
    if not entitled.needs_own_infrastructure(entitlement):
        _claim(tenant, delivery_id)
        return
    deployment = perform(PrepareDeployment, tenant, actor=PROVISIONING).result
    asked = {"operation": "apply", "trigger": delivery_id}
    perform(QueueRun, deployment, asked, actor=PROVISIONING)


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
