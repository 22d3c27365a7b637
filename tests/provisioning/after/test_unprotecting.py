"""What the cloud protects is unprotected by a run of its own before the destroy."""

from __future__ import annotations

from provisioning.models import Deployment, Removal, Run
from provisioning.removal import driving, handlers
from provisioning.removal.states import RemovalState
from provisioning.states import DeploymentState, Operation, RunState
from tenants.events import TenantClosing
from tenants.models import Tenant
from tenants.states import TenantState


def test_the_unprotecting_run_goes_first_and_is_told(deployment: Deployment) -> None:
    Deployment.objects.update(state=DeploymentState.READY, protected=True)
    Tenant.objects.filter(pk=deployment.tenant_id).update(state=TenantState.CLOSING)
    closing = TenantClosing(tenant=deployment.tenant.public_id)
    handlers.take_down(closing, "dlv_1")
    removal = Removal.objects.get()
    assert driving.go_on(removal.public_id) == RemovalState.UNPROTECTING
    run = Run.objects.get()
    assert run.operation == Operation.UNPROTECT

    Run.objects.update(state=RunState.APPLIED)
    Deployment.objects.update(protected=False)
    assert driving.go_on(removal.public_id) == RemovalState.DESTROYING
    step = removal.steps.get(name=RemovalState.UNPROTECTING)
    assert step.detail == f"{run.public_id} was applied"
    newest = deployment.runs.order_by("-id").first()
    assert newest is not None
    assert newest.operation == Operation.DESTROY
