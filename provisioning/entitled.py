"""What a tenant's entitlement permits to be built, and with which inputs."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from provisioning.errors import NeedsMove, NotEntitled
from provisioning.models import Deployment
from provisioning.states import Operation
from tenants.models import Entitlement, Tenant
from tenants.states import (
    EntitlementState,
    Isolation,
    PlacementState,
    TenantState,
)

IMAGE = "paybill"  # on this machine: the code that runs here
PERMITS = {EntitlementState.TRIAL, EntitlementState.ACTIVE, EntitlementState.GRACE}


def entitlement_of(tenant: Tenant) -> Entitlement:
    """The tenant's entitlement. Raises NotEntitled when it has none."""
    found = Entitlement.objects.filter(tenant=tenant).first()
    if found is None:
        raise NotEntitled(f"{tenant.name} has no subscription", rule="entitlement")
    return found


def check(deployment: Deployment, operation: str) -> None:
    """Raise NotEntitled, saying why, when the run may not start."""
    tenant = deployment.tenant
    entitlement = entitlement_of(tenant)
    if operation == Operation.DESTROY:
        _check_destroy(deployment, entitlement)
        return
    if entitlement.state not in PERMITS:
        raise NotEntitled(
            f"the subscription of {tenant.name} is {entitlement.state}",
            rule="entitlement",
        )
    if (entitlement.isolation, entitlement.cloud) != (
        deployment.kind,
        deployment.cloud,
    ):
        raise NotEntitled(
            f"the plan {entitlement.plan} permits {entitlement.isolation} on"
            f" {entitlement.cloud}, not {deployment.kind} on {deployment.cloud}",
            rule="entitlement",
        )
    if tenant.state in {TenantState.CLOSING, TenantState.CLOSED}:
        raise NotEntitled(f"{tenant.name} is {tenant.state}", rule="tenant")
    check_no_move(tenant, entitlement)


def check_no_move(tenant: Tenant, entitlement: Entitlement) -> None:
    """Raise NeedsMove when the tenant's data is in a place of another kind.

    An empty new place in front of the old data would look like a loss.
    """
    taken = tenant.placements.filter(state=PlacementState.TAKEN)
    placed = taken.exclude(kind=entitlement.isolation).first()
    if placed is not None:
        raise NeedsMove(
            f"{tenant.name} lives in a {placed.kind} place and its plan is for"
            f" {entitlement.isolation}: its data has to be moved first"
        )


def _check_destroy(deployment: Deployment, entitlement: Entitlement) -> None:
    tenant = deployment.tenant
    over = entitlement.state in {EntitlementState.NONE, EntitlementState.ENDED}
    moved = entitlement.isolation != deployment.kind
    if not (over or moved or tenant.state in {TenantState.CLOSING, TenantState.CLOSED}):
        raise NotEntitled(
            f"{tenant.name} is {tenant.state} and entitled to what would be destroyed:"
            " close the tenant first",
            rule="entitlement",
        )


def needs_own_infrastructure(entitlement: Entitlement) -> bool:
    return entitlement.isolation in {Isolation.BRIDGE, Isolation.SILO}


def inputs(deployment: Deployment) -> dict[str, Any]:
    """The variables of the stack: the same names for every cloud and every kind."""
    entitlement = entitlement_of(deployment.tenant)
    return {
        "tenant": deployment.tenant.public_id,
        "region": deployment.region,
        "size": entitlement.size,
        "image": IMAGE,
        "domain": f"{deployment.tenant.slug}.{settings.PAYBILL_TENANT_DOMAIN}",
        "protection": False,
        "generation": deployment.generation,
    }


def schema_name(run_inputs: dict[str, Any]) -> str:
    """Name of the plane's schema, as the stacks derive it too."""
    body = str(run_inputs["tenant"]).partition("_")[2]
    return f"t_{body}_g{run_inputs['generation']}"
