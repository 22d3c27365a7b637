"""The subscription drives the infrastructure, through the outbox alone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from billing.events import PlanChanged, SubscriptionActivated
from paybill_site.kernel.planes import Place
from provisioning import handlers
from provisioning.errors import NeedsMove, NotEntitled, TerraformMissing
from provisioning.events import RemovalDone
from provisioning.models import Deployment, Removal, Run
from provisioning.removal import driving
from provisioning.removal import handlers as removals
from provisioning.removal.states import RemovalState
from provisioning.states import DeploymentState, Operation, Phase, RunState
from provisioning.steps import run_steps
from tenants import pool
from tenants.events import TenantClosing
from tenants.models import Account, Entitlement, Placement, Tenant
from tenants.states import EntitlementState, PlacementState, TenantState
from tests.cast import make_tenant
from tests.provisioning.conftest import queue


@pytest.fixture
def pooled(account: Account) -> Tenant:
    tenant = make_tenant(account, "pooled")
    Entitlement.objects.create(
        tenant=tenant, state=EntitlementState.ACTIVE, plan="free"
    )
    return tenant


def activated(tenant: Tenant) -> SubscriptionActivated:
    return SubscriptionActivated(
        tenant=tenant.public_id, subscription="sub_1", plan="any"
    )


def test_a_pooled_tenant_claims_a_place_once(pooled: Tenant) -> None:
    handlers.build_for_subscription(activated(pooled), "dlv_1")
    handlers.build_for_subscription(activated(pooled), "dlv_1")
    assert Placement.objects.get(tenant=pooled).state == PlacementState.TAKEN
    assert not Deployment.objects.exists()


def test_an_empty_pool_gets_one_place_more(
    pooled: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def fill(size: int) -> int:
        asked.append(size)
        Placement.objects.filter(state="retired").update(state=PlacementState.WARM)
        return 1

    monkeypatch.setattr(pool, "fill", fill)
    Placement.objects.filter(state="warm").update(state=PlacementState.RETIRED)
    handlers.build_for_subscription(activated(pooled), "dlv_1")
    assert asked == [1]
    assert Placement.objects.filter(tenant=pooled, state="taken").exists()


def test_a_bridge_plan_queues_one_run_however_often_it_is_said(
    deployment: Deployment,
) -> None:
    for _ in range(3):
        handlers.build_for_subscription(activated(deployment.tenant), "dlv_1")
    run = Run.objects.get()
    assert (run.trigger, run.operation) == ("dlv_1", Operation.APPLY)
    assert [step.state for step in run_steps(deployment.tenant)] == ["waiting"] * 3


def test_without_terraform_the_delivery_is_tried_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERRAFORM_BIN", "/nowhere/terraform")
    with pytest.raises(TerraformMissing) as refusal:
        handlers.build_for_subscription(activated(deployment.tenant), "dlv_1")
    assert not refusal.value.permanent


def test_a_closing_tenant_is_destroyed_after_what_is_going_on(
    deployment: Deployment,
) -> None:
    run = queue(deployment)
    removal = closed(deployment.tenant)
    driving.go_on(removal.public_id)
    run.refresh_from_db()
    assert run.state == RunState.CANCELED  # nobody worked on it yet
    driving.go_on(removal.public_id)
    destroy = deployment.runs.get(operation=Operation.DESTROY)
    assert destroy.trigger == f"{removal.public_id}:destroy:1"
    driving.go_on(removal.public_id)
    assert deployment.runs.filter(operation=Operation.DESTROY).count() == 1
    assert Tenant.objects.get(slug="acme").state == TenantState.CLOSING


def closed(tenant: Tenant) -> Removal:
    """Say twice that the tenant is closing; the removal that came of it."""
    Tenant.objects.filter(pk=tenant.pk).update(state=TenantState.CLOSING)
    for _ in range(2):
        removals.take_down(TenantClosing(tenant=tenant.public_id), "dlv_2")
    return Removal.objects.get(tenant=tenant)


def test_a_closing_pooled_tenant_leaves_its_place_and_is_closed(
    pooled: Tenant,
) -> None:
    handlers.build_for_subscription(activated(pooled), "dlv_1")
    closed(pooled)
    pooled.refresh_from_db()
    assert pooled.state == TenantState.CLOSED
    assert Placement.objects.get(tenant=pooled).state == PlacementState.RETIRED


def test_a_tenant_is_closed_when_its_deployment_is_gone(
    deployment: Deployment,
) -> None:
    removal = closed(deployment.tenant)
    Deployment.objects.update(state=DeploymentState.GONE)
    Removal.objects.update(state=RemovalState.DONE)
    done = RemovalDone(tenant=deployment.tenant.public_id, removal=removal.public_id)
    removals.finish(done, "dlv_3")
    removals.finish(done, "dlv_3")
    assert Tenant.objects.get(slug="acme").state == TenantState.CLOSED


def test_data_is_never_hidden_behind_an_empty_new_place(pooled: Tenant) -> None:
    handlers.build_for_subscription(activated(pooled), "dlv_1")
    Entitlement.objects.filter(tenant=pooled).update(isolation="bridge")
    changed = PlanChanged(tenant=pooled.public_id, subscription="sub_1", plan="team")
    with pytest.raises(NeedsMove, match="lives in a pooled place") as refusal:
        handlers.rebuild_for_plan(changed, "dlv_2")
    assert refusal.value.permanent
    assert not Deployment.objects.exists()


def test_a_new_plan_of_the_same_kind_is_a_run_with_new_inputs(
    deployment: Deployment,
) -> None:
    Entitlement.objects.filter(tenant=deployment.tenant).update(size="large")
    changed = PlanChanged(
        tenant=deployment.tenant.public_id, subscription="sub_1", plan="team"
    )
    handlers.rebuild_for_plan(changed, "dlv_2")
    assert Run.objects.get(trigger="dlv_2").inputs["size"] == "large"


def test_nothing_is_built_for_whom_nothing_is_paid(
    control: Place, account: Account
) -> None:
    tenant = make_tenant(account, "nobody")
    with pytest.raises(NotEntitled, match="no subscription"):
        handlers.build_for_subscription(activated(tenant), "dlv_1")


def test_a_plan_that_changes_nothing_to_build_makes_no_run(
    deployment: Deployment,
) -> None:
    """Other limits reach the tenant with its licence."""
    run = queue(deployment)
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLIED)
    run.phases.filter(name=Phase.APPLY).update(started_at=timezone.now())
    Deployment.objects.update(state=DeploymentState.READY)
    entitlement = Entitlement.objects.filter(tenant=deployment.tenant)
    entitlement.update(limits={"agents": 50}, version=2)
    changed = PlanChanged(
        tenant=deployment.tenant.public_id, subscription="sub_1", plan="team"
    )
    handlers.rebuild_for_plan(changed, "dlv_2")
    assert Run.objects.count() == 1
    entitlement.update(size="large", version=3)
    handlers.rebuild_for_plan(changed, "dlv_3")
    assert Run.objects.get(trigger="dlv_3").inputs["size"] == "large"
