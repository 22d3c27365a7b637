"""What a closed tenant has stays, small, and is large again before it opens."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from billing.events import (
    AccessChanged,
    SubscriptionEnded,
    SubscriptionReactivated,
    SubscriptionRestored,
    SubscriptionSuspended,
)
from provisioning import handlers
from provisioning.errors import NotEntitled, RunActive
from provisioning.events import RunEnded
from provisioning.models import CloudAccount, Deployment, Run
from provisioning.states import Phase, RunState
from tenants import handlers as tenants
from tenants.models import Entitlement, Tenant
from tenants.states import EntitlementState, Suspension, TenantState
from tests.provisioning.conftest import Entitle, queue


@pytest.fixture
def standing(entitle: Entitle) -> Deployment:
    """A large database in a cloud, built and in use."""
    deployment = entitle()
    account = CloudAccount.objects.create(
        name="Cloud", cloud="aws", regions=["eu-central-1"], simulation=True
    )
    Deployment.objects.update(cloud="aws", region="eu-central-1", account=account)
    Entitlement.objects.update(cloud="aws", region="eu-central-1", size="large")
    deployment.refresh_from_db()
    applied(queue(deployment))
    Tenant.objects.update(state=TenantState.LIVE)
    deployment.refresh_from_db()
    return deployment


def applied(run: Run) -> None:
    """As if it had been applied."""
    run.phases.filter(name=Phase.APPLY).update(started_at=timezone.now())
    Run.objects.filter(pk=run.pk).update(state=RunState.APPLIED)
    Deployment.objects.update(state="ready")


def entitle_to(state: EntitlementState) -> None:
    Entitlement.objects.update(state=state)


def say(event: type[AccessChanged], deployment: Deployment, delivery: str) -> None:
    tenant = deployment.tenant.public_id
    said = event(tenant=tenant, subscription="sub_1", plan="team", version=7)
    handlers.fit_to_subscription(said, delivery)


def runs() -> list[tuple[str, Any, Any]]:
    rows = Run.objects.order_by("id")
    return [(row.trigger, row.inputs["size"], row.inputs["asleep"]) for row in rows][1:]


@pytest.mark.parametrize("closed", [EntitlementState.SUSPENDED, EntitlementState.ENDED])
def test_closed_it_is_made_small_once_and_keeps_its_size_in_mind(
    standing: Deployment, closed: EntitlementState
) -> None:
    entitle_to(closed)
    for _ in range(3):
        say(SubscriptionSuspended, standing, "dlv_1")
    assert runs() == [("dlv_1", "large", True)]
    applied(Run.objects.get(trigger="dlv_1"))
    say(SubscriptionSuspended, standing, "dlv_2")
    assert len(runs()) == 1


@pytest.mark.parametrize("event", [SubscriptionRestored, SubscriptionReactivated])
def test_opened_it_is_made_large_again(
    standing: Deployment, event: type[AccessChanged]
) -> None:
    asleep(standing)
    entitle_to(EntitlementState.ACTIVE)
    say(event, standing, "dlv_2")
    assert runs()[-1] == ("dlv_2", "large", False)


def asleep(standing: Deployment) -> None:
    entitle_to(EntitlementState.SUSPENDED)
    say(SubscriptionSuspended, standing, "dlv_1")
    applied(Run.objects.get(trigger="dlv_1"))
    Tenant.objects.update(state=TenantState.SUSPENDED, suspension=Suspension.PAYMENT)


def test_an_old_event_that_comes_late_makes_nothing_small(standing: Deployment) -> None:
    say(SubscriptionSuspended, standing, "dlv_late")
    say(SubscriptionEnded, standing, "dlv_later")
    assert runs() == []


def test_events_in_the_wrong_order_end_where_the_entitlement_is(
    standing: Deployment,
) -> None:
    entitle_to(EntitlementState.SUSPENDED)
    say(SubscriptionSuspended, standing, "dlv_1")
    entitle_to(EntitlementState.ACTIVE)
    with pytest.raises(RunActive):  # tried again when the run that goes on has ended
        say(SubscriptionRestored, standing, "dlv_2")
    applied(Run.objects.get(trigger="dlv_1"))
    say(SubscriptionRestored, standing, "dlv_2")
    applied(Run.objects.get(trigger="dlv_2"))
    say(SubscriptionSuspended, standing, "dlv_1")
    assert [trigger for trigger, _, _ in runs()] == ["dlv_1", "dlv_2"]


def test_the_tenant_opens_when_it_is_large_again_and_not_before(
    standing: Deployment,
) -> None:
    asleep(standing)
    entitle_to(EntitlementState.ACTIVE)
    tenant = standing.tenant.public_id
    tenants.open_or_close(tenant, "dlv_2")
    assert state() == TenantState.SUSPENDED
    say(SubscriptionRestored, standing, "dlv_3")
    tenants.open_or_close(tenant, "dlv_4")
    assert state() == TenantState.SUSPENDED
    applied(Run.objects.get(trigger="dlv_3"))
    tenants.open_or_close(tenant, "dlv_5")
    assert state() == TenantState.LIVE


def test_when_that_fails_it_opens_nevertheless(standing: Deployment) -> None:
    asleep(standing)
    entitle_to(EntitlementState.ACTIVE)
    say(SubscriptionRestored, standing, "dlv_2")
    run = Run.objects.get(trigger="dlv_2")
    Run.objects.filter(pk=run.pk).update(state=RunState.FAILED)
    ended = RunEnded(
        tenant=standing.tenant.public_id,
        run=run.public_id,
        deployment=standing.public_id,
        operation="apply",
        state="failed",
    )
    for _ in range(2):
        handlers.open_after_all(ended, "dlv_3")
    assert state() == TenantState.LIVE


def state() -> str:
    return Tenant.objects.values_list("state", flat=True).get(slug="acme")


@pytest.mark.parametrize(
    ("cloud", "size"), [("local", "large"), ("aws", "small")], ids=str
)
def test_what_has_no_size_or_the_smallest_is_left_as_it_is(
    standing: Deployment, cloud: str, size: str
) -> None:
    Deployment.objects.update(cloud=cloud)
    Entitlement.objects.update(cloud=cloud, size=size)
    entitle_to(EntitlementState.SUSPENDED)
    say(SubscriptionSuspended, standing, "dlv_1")
    assert runs() == []


def test_nothing_new_is_built_for_whom_it_is_closed(deployment: Deployment) -> None:
    entitle_to(EntitlementState.SUSPENDED)
    say(SubscriptionSuspended, deployment, "dlv_1")
    assert not Run.objects.exists()
    with pytest.raises(NotEntitled, match="is suspended"):
        queue(deployment)
