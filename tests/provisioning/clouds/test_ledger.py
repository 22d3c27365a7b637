"""What an account has left: quota, regions, address ranges; two at once."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from functools import partial
from itertools import combinations

import pytest
from django.db import IntegrityError
from django.utils import timezone

from paybill_site.kernel.actions import perform
from paybill_site.kernel.planes import atomic
from provisioning import queue as order
from provisioning.actions import PrepareDeployment
from provisioning.clouds import ledger
from provisioning.errors import AccountRefuses
from provisioning.models import CloudAccount, Deployment, Network, Run
from provisioning.states import DeploymentState, RunState
from provisioning.system import PROVISIONING
from tenants.models import Entitlement
from tests.provisioning.clouds.conftest import REGION
from tests.provisioning.conftest import Entitle, queue
from tests.races import at_once


@pytest.fixture
def silo(entitle: Entitle, simulated: CloudAccount) -> Deployment:
    return into(entitle(kind="silo"), simulated)


def into(deployment: Deployment, account: CloudAccount) -> Deployment:
    """The deployment as if it had been prepared in the account."""
    deployment.cloud, deployment.region = account.cloud, REGION
    deployment.account = account
    deployment.save()
    return deployment


def claim(deployment: Deployment) -> str:
    with atomic():
        return ledger.claim_network(deployment)


def test_silos_get_networks_that_never_overlap(
    entitle: Entitle, simulated: CloudAccount
) -> None:
    silos = [
        into(entitle(kind="silo", slug=f"tenant-{n}"), simulated) for n in range(4)
    ]
    given = [ipaddress.IPv4Network(claim(silo)) for silo in silos]
    assert str(given[0]) == "10.64.0.0/22"
    assert not any(one.overlaps(other) for one, other in combinations(given, 2))
    assert claim(silos[0]) == str(given[0])
    assert Network.objects.count() == 4


def test_two_silos_at_the_same_moment_get_two_networks(
    committed: None, entitle: Entitle, simulated: CloudAccount
) -> None:
    silos = [into(entitle(kind="silo", slug=f"at-once-{n}"), simulated) for n in (1, 2)]
    given = at_once([partial(claim, silo) for silo in silos])
    assert sorted(given) == ["10.64.0.0/22", "10.64.4.0/22"]


def test_the_database_gives_no_slot_twice(
    silo: Deployment, entitle: Entitle, simulated: CloudAccount
) -> None:
    claim(silo)
    other = into(entitle(kind="silo", slug="other"), simulated)
    with pytest.raises(IntegrityError, match="network_slot_once"), atomic():
        simulated.networks.create(deployment=other, slot=0, cidr="10.64.0.0/22")


def test_a_network_is_given_again_only_after_its_release(
    entitle: Entitle, silo: Deployment, simulated: CloudAccount
) -> None:
    simulated.network_prefix, simulated.address_pool = 22, "10.64.0.0/22"
    simulated.save()
    other = into(entitle(kind="silo", slug="other"), simulated)
    first = claim(silo)
    with pytest.raises(AccountRefuses, match="given out all 1 networks"):
        claim(other)
    ledger.release(silo)
    assert ledger.network_of(silo) == ""
    assert claim(other) == first


def test_without_a_pool_no_silo_is_built(
    silo: Deployment, simulated: CloudAccount
) -> None:
    CloudAccount.objects.update(address_pool="")
    silo.refresh_from_db()
    with pytest.raises(AccountRefuses, match="no pool of addresses"):
        claim(silo)


def test_a_bridge_needs_no_network_of_its_own(on_aws: Deployment) -> None:
    assert claim(on_aws) == ""
    assert not Network.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"state": "paused"}, "is paused"),
        ({"regions": ["eu-west-1"]}, "does not build in eu-central-1, only in"),
        ({"most_deployments": 0}, r"is full: \d of 0"),
    ],
)
def test_what_an_account_does_not_take_is_refused_before_a_run(
    on_aws: Deployment, changed: dict[str, object], words: str
) -> None:
    CloudAccount.objects.update(**changed)
    Entitlement.objects.update(cloud="aws", region=REGION)
    on_aws.refresh_from_db()
    with pytest.raises(AccountRefuses, match=words):
        ledger.check(on_aws)
    with pytest.raises(AccountRefuses, match=words):
        ledger.choose("aws", REGION)
    with pytest.raises(AccountRefuses, match=words):
        queue(on_aws)
    assert not Run.objects.exists()


def test_a_lowered_limit_keeps_nobody_who_stands_from_being_repaired(
    on_aws: Deployment,
) -> None:
    Deployment.objects.update(state=DeploymentState.READY)
    CloudAccount.objects.update(most_deployments=0)
    Entitlement.objects.update(cloud="aws", region=REGION)
    on_aws.refresh_from_db()
    assert queue(on_aws).state == RunState.PENDING


def test_of_two_who_want_the_last_place_one_gets_it(
    committed: None, entitle: Entitle, simulated: CloudAccount
) -> None:
    tenants = [entitle(slug=f"last-{n}").tenant for n in (1, 2)]
    Deployment.objects.update(state=DeploymentState.GONE)
    Entitlement.objects.update(cloud="aws", region=REGION)
    CloudAccount.objects.update(most_deployments=1)
    asked = [
        partial(perform, PrepareDeployment, tenant, actor=PROVISIONING)
        for tenant in tenants
    ]
    refused = [one for one in at_once(asked) if isinstance(one, AccountRefuses)]
    assert [one.detail for one in refused] == [
        "no account at AWS can take this: Simulated AWS is full: 1 of 1 deployments"
    ]
    assert Deployment.objects.filter(account=simulated).count() == 1


def test_a_cloud_without_an_account_says_who_can_help(control: object) -> None:
    with pytest.raises(AccountRefuses, match="an operator has to add one"):
        ledger.choose("oracle", "eu-frankfurt-1")


def test_real_accounts_are_chosen_before_simulations_and_empty_before_full(
    on_aws: Deployment, simulated: CloudAccount
) -> None:
    assert ledger.choose("aws", REGION) == simulated
    full = CloudAccount.objects.create(name="One", cloud="aws", regions=[REGION])
    assert ledger.choose("aws", REGION) == full
    into(on_aws, full)
    empty = CloudAccount.objects.create(name="Two", cloud="aws", regions=[REGION])
    assert ledger.choose("aws", REGION) == empty


def test_a_deployment_is_prepared_in_an_account_with_its_network(
    entitle: Entitle, simulated: CloudAccount
) -> None:
    standing = entitle(kind="silo")
    tenant = standing.tenant
    Deployment.objects.update(state="gone")
    Entitlement.objects.update(cloud="aws", region=REGION)
    made = perform(PrepareDeployment, tenant, actor=PROVISIONING).result
    assert made.account == simulated
    assert ledger.network_of(made) == "10.64.0.0/22"


def test_this_machine_is_an_account_like_any_other(deployment: Deployment) -> None:
    assert deployment.account == ledger.this_machine()
    assert CloudAccount.objects.get().cloud == "local"


def test_an_account_works_on_so_many_runs_at_once_and_no_more(
    entitle: Entitle,
) -> None:
    first, second = queue(entitle(slug="one")), queue(entitle(slug="two"))
    CloudAccount.objects.update(at_once=1)
    soon = timezone.now() + timedelta(minutes=1)
    Run.objects.filter(pk=first.pk).update(state=RunState.PLANNING, lease_until=soon)
    assert ledger.worked_on(ledger.this_machine()) == 1
    assert order.reserve() is None
    Run.objects.filter(pk=first.pk).update(state=RunState.APPLIED, lease_until=None)
    reserved = order.reserve()
    assert reserved is not None
    assert reserved[0] == second.public_id
