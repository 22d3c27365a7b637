"""The account that `./paybill up` starts with, and tenants entitled to be there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import Place
from provisioning.actions import PrepareDeployment
from provisioning.models import CloudAccount, Deployment
from provisioning.simulation.seed import seed_account
from provisioning.system import PROVISIONING
from tenants.models import Account, Entitlement
from tenants.states import EntitlementState, Role
from tests.cast import join, make_tenant, make_user
from tests.simulated import REGION, simulated_aws

type OnAws = Callable[[str], Deployment]


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    with simulated_aws() as address:
        yield address


@pytest.fixture
def aws_account(control: Place, simulator: str) -> CloudAccount:
    return seed_account(simulator)


@pytest.fixture
def on_aws(aws_account: CloudAccount) -> OnAws:
    """A deployment of a paying customer, in the simulated account."""

    def make(kind: str) -> Deployment:
        user = make_user("acme")
        customer = Account.objects.create(name="Acme", created_by=user.public_id)
        join(customer, user, Role.OWNER)
        tenant = make_tenant(customer, "acme")
        Entitlement.objects.create(
            tenant=tenant,
            state=EntitlementState.ACTIVE,
            plan="business-aws",
            isolation=kind,
            cloud="aws",
            region=REGION,
            size="small",
            retention_days=30,
            version=1,
        )
        return perform(PrepareDeployment, tenant, actor=PROVISIONING).result

    return make
