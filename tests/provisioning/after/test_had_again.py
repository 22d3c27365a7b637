"""A database of the tenant's own: closed, and had again with its data."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connections

from billing.actions import CancelSubscription, ReactivateSubscription, Subscribe
from billing.models import Subscription
from examples.storefront.models import Customer
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery
from paybill_site.kernel.planes import CONTROL, plane
from provisioning.databases import work as databases
from provisioning.models import Backup, DatabaseJob, Removal, Run
from provisioning.runner.work import work
from provisioning.states import CLAIMABLE, RunState
from tenants.directory import reach
from tenants.models import Account, Placement, Tenant
from tenants.states import TenantState
from tests.billing.desk import sell
from tests.provisioning.databases.conftest import store  # noqa: F401

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("machine")]


def settle() -> None:
    """What the workers do in between: deliveries, runs, jobs of databases."""
    with plane(CONTROL):
        for _ in range(3):
            while outbox.drain():
                pass
            for run in Run.objects.filter(state__in=CLAIMABLE):
                assert work(run.public_id)
            for job in DatabaseJob.objects.filter(state="queued"):
                databases.work(job.public_id)
        dead = Delivery.objects.filter(state="dead").values_list("handler", "error")
        assert list(dead) == []


def test_after_the_end_it_is_had_again_with_its_data(
    web: str,
    account: Account,
    tenant: Tenant,
    owner: Actor,
    store: Path,  # noqa: F811
) -> None:
    sell("team", 0, isolation="bridge", regions=["local"])
    perform(Subscribe, tenant, {"plan": "team"}, actor=owner)
    settle()
    assert state_of(tenant) == TenantState.LIVE
    place = Placement.objects.get(tenant=tenant)
    with plane(reach(place)):
        Customer.objects.create(name="Ada", email="ada@example.com")
    connections[place.alias].close()

    subscription = Subscription.objects.get()
    perform(CancelSubscription, subscription, {"when": "now"}, actor=owner)
    settle()
    assert state_of(tenant) == TenantState.SUSPENDED
    backup = Backup.objects.get(tenant=tenant)
    assert (backup.reason, backup.state) == ("final", "ready")
    subscription.refresh_from_db()
    perform(ReactivateSubscription, subscription, actor=owner)
    settle()

    assert state_of(tenant) == TenantState.LIVE
    assert Placement.objects.get(tenant=tenant) == place
    with plane(reach(place)):
        assert Customer.objects.get().name == "Ada"
    connections[place.alias].close()
    # Here nothing has a size: one run built it, and it was left as it stood.
    assert Run.objects.get().state == RunState.APPLIED
    assert not Removal.objects.exists()


def state_of(tenant: Tenant) -> str:
    tenant.refresh_from_db()
    return tenant.state
