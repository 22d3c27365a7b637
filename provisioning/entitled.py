"""What a tenant's entitlement permits to be built, and with which inputs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q

from provisioning.clouds import ledger
from provisioning.errors import NeedsMove, NoImage, NotEntitled
from provisioning.models import Deployment
from provisioning.products import images
from provisioning.removal import keeping
from provisioning.states import (
    ACTIVE,
    Cloud,
    DeploymentState,
    Operation,
    Phase,
    RunState,
)
from tenants import offers
from tenants.models import Entitlement, Tenant
from tenants.states import (
    EntitlementState,
    Isolation,
    PlacementState,
    TenantState,
)

MOST_RETENTION = 35  # days; what every cloud can keep (Amazon RDS keeps no longer)
SMALLEST = "small"
CLOSED = {EntitlementState.SUSPENDED, EntitlementState.ENDED}
PERMITS = {EntitlementState.TRIAL, EntitlementState.ACTIVE, EntitlementState.GRACE}


def entitlement_of(tenant: Tenant) -> Entitlement:
    """The tenant's entitlement. Raises NotEntitled when it has none."""
    found = Entitlement.objects.filter(tenant=tenant).first()
    if found is None:
        raise NotEntitled(f"{tenant.name} has no subscription", rule="entitlement")
    return found


def check(deployment: Deployment, operation: str) -> None:
    """Raise NotEntitled, NeedsMove or NoImage when the run may not start."""
    tenant = deployment.tenant
    entitlement = entitlement_of(tenant)
    if operation == Operation.REFRESH:
        _check_look(deployment)
        return
    if operation in {Operation.DESTROY, Operation.UNPROTECT}:
        _check_destroy(deployment, entitlement)
        return
    if entitlement.state not in PERMITS and not _was_built(deployment):
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
    if not _image(deployment, entitlement):
        raise NoImage


def _was_built(deployment: Deployment) -> bool:
    """What stands for a closed tenant may be made smaller; nothing new is built."""
    done = deployment.runs.filter(operation=Operation.APPLY, state=RunState.APPLIED)
    return done.exists()


def _image(deployment: Deployment, entitlement: Entitlement) -> str:
    return images.of(deployment, offers.product_in(entitlement.features))


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


def _check_look(deployment: Deployment) -> None:
    """A look costs nothing and changes nothing; there has to be something to see."""
    if deployment.state in {DeploymentState.EMPTY, DeploymentState.GONE}:
        raise NotEntitled(f"deployment is {deployment.state}: there is nothing to see")


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


def inputs(deployment: Deployment, operation: str) -> dict[str, Any]:
    """The variables of the stack: the same names for every cloud and every kind.

    What looks or takes away works on what stands: on the inputs of the last apply,
    whatever the tenant is entitled to by now. To take away, the protection is off and
    the stack is told whether the cloud keeps a last copy.
    """
    if operation == Operation.APPLY:
        return _entitled_inputs(deployment)
    standing = _last_applied(deployment) or _entitled_inputs(deployment)
    if operation in {Operation.REFRESH, Operation.ADOPT}:
        return standing
    account = keeping.told(deployment, standing["account"])
    return {**standing, "protection": False, "account": account}


def _last_applied(deployment: Deployment) -> dict[str, Any]:
    """Inputs of the newest run that changed, or may have changed, what stands."""
    began = Q(phases__name=Phase.APPLY, phases__started_at__isnull=False)
    runs = deployment.runs.filter(began, operation=Operation.APPLY)
    last = runs.order_by("-id").values_list("inputs", flat=True).first()
    return dict(last or {})


def _entitled_inputs(deployment: Deployment) -> dict[str, Any]:
    entitlement = entitlement_of(deployment.tenant)
    account = deployment.account
    facts = account.details if account else {}
    return {
        "deployment": deployment.public_id,
        "tenant": deployment.tenant.public_id,
        "region": deployment.region,
        "size": entitlement.size,
        "asleep": sleeps(deployment, entitlement),
        "image": _image(deployment, entitlement),
        "domain": f"{deployment.tenant.slug}.{settings.PAYBILL_TENANT_DOMAIN}",
        "protection": deployment.cloud != Cloud.LOCAL,
        "generation": deployment.generation,
        "network": ledger.network_of(deployment),
        "account": {name: str(fact) for name, fact in sorted(facts.items())},
        "retention_days": min(entitlement.backup_days, MOST_RETENTION),
        "handover_version": entitlement.version,
    }


def sleeps(deployment: Deployment, entitlement: Entitlement) -> bool:
    """Whether it should be as small as it can be, because nobody is let in.

    On this machine nothing has a size, and what is of the smallest can not be smaller.
    """
    closed = entitlement.state in CLOSED
    has_a_size = deployment.cloud != Cloud.LOCAL and entitlement.size != SMALLEST
    return closed and has_a_size


def stands_asleep(deployment: Deployment) -> bool:
    """Whether what stands was made small for a tenant that was closed."""
    return bool(_last_applied(deployment).get("asleep"))


def is_as_wanted(deployment: Deployment) -> bool:
    """Whether what stands was built with just what the tenant is entitled to now.

    A new licence alone is handed to a service in a cloud by a run; elsewhere it goes
    its own way, so its version makes no difference.
    """
    entitlement = entitlement_of(deployment.tenant)
    same_place = (entitlement.isolation, entitlement.cloud) == (
        deployment.kind,
        deployment.cloud,
    )
    if not same_place or deployment.state != DeploymentState.READY:
        return False
    if deployment.runs.filter(state__in=ACTIVE).exists():
        return False
    wanted, stands = _entitled_inputs(deployment), _last_applied(deployment)
    stands = {"asleep": False, **stands}
    if deployment.kind != Isolation.SILO or deployment.cloud == Cloud.LOCAL:
        stands = {**stands, "handover_version": wanted["handover_version"]}
    return wanted == stands


def schema_name(run_inputs: dict[str, Any]) -> str:
    """Name of the plane's schema, as the stacks derive it too."""
    body = str(run_inputs["tenant"]).partition("_")[2]
    return f"t_{body}_g{run_inputs['generation']}"
