"""The subscription drives the infrastructure, through the outbox alone."""

from __future__ import annotations

import pytest

from billing.events import PlanChanged, SubscriptionActivated
from paybill_site.kernel.planes import Place
from provisioning import handlers
from provisioning.errors import NeedsMove, NotEntitled, RunActive, TerraformMissing
from provisioning.events import DeploymentGone
from provisioning.models import Deployment, Run
from provisioning.states import DeploymentState, Operation, RunState
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
    Tenant.objects.filter(slug="acme").update(state=TenantState.CLOSING)
    closing = TenantClosing(tenant=deployment.tenant.public_id)
    with pytest.raises(RunActive) as refusal:
        handlers.take_down(closing, "dlv_2")
    assert not refusal.value.permanent
    Run.objects.filter(pk=run.pk).update(state=RunState.CANCELED)
    handlers.take_down(closing, "dlv_2")
    assert Run.objects.get(trigger="dlv_2").operation == Operation.DESTROY


def test_a_closing_pooled_tenant_leaves_its_place_and_is_closed(
    pooled: Tenant,
) -> None:
    handlers.build_for_subscription(activated(pooled), "dlv_1")
    Tenant.objects.filter(pk=pooled.pk).update(state=TenantState.CLOSING)
    closing = TenantClosing(tenant=pooled.public_id)
    handlers.take_down(closing, "dlv_2")
    handlers.take_down(closing, "dlv_2")
    pooled.refresh_from_db()
    assert pooled.state == TenantState.CLOSED
    assert Placement.objects.get(tenant=pooled).state == PlacementState.RETIRED


def test_a_tenant_is_closed_when_its_deployment_is_gone(
    deployment: Deployment,
) -> None:
    Tenant.objects.filter(slug="acme").update(state=TenantState.CLOSING)
    Deployment.objects.update(state=DeploymentState.GONE)
    gone = DeploymentGone(
        tenant=deployment.tenant.public_id, deployment=deployment.public_id
    )
    handlers.finish_closing(gone, "dlv_3")
    handlers.finish_closing(gone, "dlv_3")
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
