"""What policies know besides the plan: the run, and what its tenant is entitled to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provisioning.gates.reading import references
from provisioning.models import Run
from provisioning.removal.keeping import Copy, copy_of
from provisioning.states import Operation
from tenants.models import Entitlement
from tenants.states import EntitlementState, TenantState

BALANCERS = (
    "aws_lb",
    "aws_alb",
    "oci_load_balancer_load_balancer",
    "oci_network_load_balancer_network_load_balancer",
    "ibm_is_lb",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Plain values only, so that a policy is a function of what it is given.

    ``over``: the tenant is closed or no longer entitled, so its removal was decided;
    ``copy``: who keeps the data when it is destroyed; ``front``: addresses that load
    balancers name, security groups among them.
    """

    cloud: str
    kind: str
    operation: str
    deployment: str
    tenant: str
    region: str
    size: str
    entitled_region: str
    entitled_size: str
    account_regions: tuple[str, ...] = ()
    over: bool = False
    copy: Copy = Copy.PAYBILL
    front: frozenset[str] = frozenset()
    plan: dict[str, Any]

    @classmethod
    def of(cls, run: Run, entitlement: Entitlement, plan: dict[str, Any]) -> Context:
        deployment, tenant = run.deployment, run.tenant
        account = deployment.account
        return cls(
            cloud=deployment.cloud,
            kind=deployment.kind,
            operation=run.operation,
            deployment=deployment.public_id,
            tenant=tenant.public_id,
            region=str(run.inputs.get("region", deployment.region)),
            size=str(run.inputs.get("size", "")),
            entitled_region=entitlement.region,
            entitled_size=entitlement.size,
            account_regions=tuple(account.regions) if account else (),
            over=tenant.state in {TenantState.CLOSING, TenantState.CLOSED}
            or entitlement.state in {EntitlementState.NONE, EntitlementState.ENDED},
            copy=copy_of(deployment),
            front=frozenset(references(plan, BALANCERS)),
            plan=plan,
        )

    @property
    def builds(self) -> bool:
        """Whether the run is there to build, and not to look or to take away."""
        return self.operation == Operation.APPLY

    def facts(self) -> dict[str, str]:
        """What operators' own policies get to know of the run."""
        names = ("operation", "cloud", "kind", "region", "size", "deployment", "tenant")
        return {name: str(getattr(self, name)) for name in names}
