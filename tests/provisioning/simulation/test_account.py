"""The simulated account: seeded once, followed to where its simulator listens."""

from __future__ import annotations

import pytest

from paybill_site.kernel.actions import perform
from paybill_site.kernel.errors import IllegalMove, Invalid
from provisioning import obstacles
from provisioning.actions import MoveSimulation
from provisioning.clouds import ledger
from provisioning.models import CloudAccount
from provisioning.simulation import ground, places
from provisioning.simulation.seed import SEEDER, seed_account
from provisioning.states import AccountState
from tests.provisioning.simulation.conftest import OnAws
from tests.simulated import REGION, client


def test_it_has_what_bridges_and_silos_need(aws_account: CloudAccount) -> None:
    assert aws_account.simulation
    assert set(aws_account.details) == {"security_group", "subnet_group", "zone_id"}
    shared = client(aws_account.endpoint, "ec2").describe_security_groups(
        GroupIds=[aws_account.details["security_group"]]
    )
    assert len(shared["SecurityGroups"]) == 1


def test_seeded_again_it_is_the_same(aws_account: CloudAccount) -> None:
    assert seed_account(aws_account.endpoint) == aws_account
    assert ground.lay(aws_account, "localhost") == aws_account.details


def test_it_follows_its_simulator_to_another_port(aws_account: CloudAccount) -> None:
    moved = seed_account("http://127.0.0.1:5001")
    assert moved == aws_account
    assert moved.endpoint == "http://127.0.0.1:5001"


def test_no_address_of_another_machine_is_taken(aws_account: CloudAccount) -> None:
    elsewhere = {"endpoint": "http://aws.example:80"}
    with pytest.raises(Invalid):
        perform(MoveSimulation, aws_account, elsewhere, actor=SEEDER)


def test_a_real_account_has_no_address_of_its_own(aws_account: CloudAccount) -> None:
    aws_account.simulation = False
    aws_account.save(update_fields=["simulation"])
    elsewhere = {"endpoint": "http://127.0.0.1:1"}
    with pytest.raises(IllegalMove, match="a simulation has"):
        perform(MoveSimulation, aws_account, elsewhere, actor=SEEDER)


def test_the_tenant_is_marked_from_the_start(on_aws: OnAws) -> None:
    deployment = on_aws("silo")
    assert deployment.simulated
    assert deployment.tenant.simulated
    assert ledger.network_of(deployment) == "10.64.0.0/22"


def test_its_places_are_named_as_this_machine_names_them(on_aws: OnAws) -> None:
    deployment = on_aws("silo")
    mark = deployment.tenant.public_id.removeprefix("ten_") + "_g1"
    assert list(places.names(deployment).values()) == [f"web_{mark}", f"pg_{mark}"]
    assert places.references(deployment)["service_address"] == f"unit:web_{mark}"


def test_without_an_open_account_the_offer_says_so(aws_account: CloudAccount) -> None:
    assert obstacles.account("silo", "aws", "") == ""
    assert "AWS" not in obstacles.account("silo", "local", "")
    CloudAccount.objects.update(state=AccountState.PAUSED)
    assert "no account at AWS is open here" in obstacles.account("silo", "aws", "")
    assert obstacles.account("pooled", "aws", "") == ""
    assert REGION in aws_account.regions
