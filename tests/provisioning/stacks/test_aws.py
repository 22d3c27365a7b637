"""AWS from nothing to nothing: the real provider against a simulator of the cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from paybill_site.kernel.planes import CONTROL, plane
from provisioning.clouds.adapters import Found
from provisioning.clouds.aws import inventory
from provisioning.models import CloudAccount, Deployment
from provisioning.plugins import mirrors
from provisioning.removal import keeping
from provisioning.simulation import ground
from tenants.models import Tenant
from tests.provisioning.stacks.conftest import needed
from tests.provisioning.stacks.inputs import HANDOVER, KINDS, inputs
from tests.provisioning.stacks.laying import Laid
from tests.provisioning.stacks.test_lifecycle import check_outputs, secrets_in
from tests.simulated import KEYS, REGION, client, simulated_aws

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("aws")]

CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/shared"
# AWS deletes these late, or tells of them for a while after.
LATE = {
    "aws_ecs_cluster.this",
    "aws_ecs_service.this",
    "aws_ecs_task_definition.this",
    "aws_kms_key.this",
    "aws_nat_gateway.this",
    "aws_secretsmanager_secret.handover",
}


@pytest.fixture(scope="module")
def account() -> Iterator[CloudAccount]:
    """An empty account with the network that bridge tenants share; never saved."""
    with simulated_aws() as address:
        made = CloudAccount(
            name="AWS", cloud="aws", method="none", endpoint=address, regions=[REGION]
        )
        made.details = ground.lay(made, "tenants.example")
        yield made


def lay_out(folder: Path, account: CloudAccount, kind: str, **changed: Any) -> Laid:
    name = f"aws/{kind}"
    served = mirrors.serve(needed(name))
    if served.missing:
        pytest.skip(f"no plugin on this machine for {', '.join(served.missing)}")
    folder.mkdir()
    config = folder / "terraform.rc"
    config.write_text(served.config())
    given = {
        "deployment": f"dep_{kind:0>26}",
        "tenant": f"ten_{kind:0>26}",
        "account": account.details,
        **changed,
    }
    laid = Laid(name, folder, config, inputs(name, **given), HANDOVER)
    laid.environment = {**KEYS, "AWS_ENDPOINT_URL": account.endpoint}
    return laid


def test_both_kinds_are_built_kept_unprotected_and_gone(
    tmp_path: Path, account: CloudAccount
) -> None:
    """At the same time: what takes long is the provider, which waits for databases."""
    both = [lay_out(tmp_path / kind, account, kind) for kind in KINDS]
    # The silo asks for a certificate of its own and proves it in the account's zone.
    both[0].give(account={"zone_id": account.details["zone_id"]}, size="medium")
    with ThreadPoolExecutor(len(both)) as threads:
        list(threads.map(lambda laid: walk(laid, account), both))


def walk(laid: Laid, account: CloudAccount) -> None:
    """The whole life of one deployment."""
    laid.terraform("fmt", "-check")
    laid.terraform("init")
    laid.terraform("validate")

    assert not secrets_in(json.dumps(laid.plan()))
    laid.apply()
    check_outputs(laid)
    assert not secrets_in(*(f.read_text() for f in laid.folder.glob("*.tfstate*")))
    check_tags(laid, account)

    laid.terraform("plan", "-detailed-exitcode")  # 2 would say: there is more to do

    refused = laid.attempt("destroy", "-auto-approve", "-target=aws_db_instance.this")
    assert refused.returncode == 1
    assert "deletion protection" in refused.stdout.lower()

    # A silo's database is out of Paybill's reach: AWS is told to keep a last copy.
    kept = {"final_snapshot": "true"} if laid.name == "aws/silo" else {}
    laid.give(protection=False, account={**laid.inputs["account"], **kept})
    laid.terraform("apply", "-auto-approve")
    laid.handover = {}  # nothing is handed over to what goes
    laid.terraform("destroy", "-auto-approve")
    assert laid.state() == []
    left = existing(laid, account)
    snapshots = [found for found in left if ":snapshot:" in found.name]
    assert {found.address for found in left if found not in snapshots} <= LATE
    assert all(found.ends for found in left)
    if not kept:
        assert snapshots == []
        return
    # Automated backups stay beside it, for their days.
    last = keeping.snapshot(deployment_of(laid, account))
    assert last in {found.name.rpartition(":")[2] for found in snapshots}


def check_tags(laid: Laid, account: CloudAccount) -> None:
    """The cloud's own list and the state name the same things, by address."""
    tagged = {one["address"] for one in laid.state() if "tags" in one["values"]}
    listed = {found.address for found in existing(laid, account)}
    assert listed == tagged


def existing(laid: Laid, account: CloudAccount) -> list[Found]:
    """What the simulator says exists under the deployment's tags."""
    with plane(CONTROL):  # in which models are; no row is read or written
        deployment = deployment_of(laid, account)
        return inventory(deployment).listed(deployment)


def deployment_of(laid: Laid, account: CloudAccount) -> Deployment:
    """As Paybill knows it; never saved."""
    with plane(CONTROL):
        return Deployment(
            public_id=laid.inputs["deployment"],
            tenant=Tenant(public_id=laid.inputs["tenant"]),
            region=REGION,
            generation=laid.inputs["generation"],
            account=account,
        )


def test_a_domain_without_a_zone_gets_one_of_its_own(
    tmp_path: Path, account: CloudAccount
) -> None:
    laid = lay_out(tmp_path / "silo", account, "silo")
    laid.give(account={"certificate": CERTIFICATE}, size="large")
    laid.terraform("init")
    made = {change["address"] for change in laid.plan()["resource_changes"]}
    assert "aws_route53_zone.this[0]" in made
    assert not any("aws_acm_certificate" in address for address in made)


@pytest.mark.parametrize(
    ("kind", "wrong", "why"),
    [
        ("silo", {"account": {}}, "names its zone_id, a certificate, or both"),
        ("silo", {"network": "10.0.0.0/27"}, "from /16 to /25"),
        ("silo", {"region": "eu; rm -rf /"}, "named as in eu-central-1"),
        ("silo", {"size": "huge"}, "small, medium or large"),
        ("silo", {"tenant": "ten_1"}, "ten_ and 26 letters"),
        ("silo", {"image": "$(reboot)"}, "An image is named as in"),
        ("silo", {"domain": "nothing"}, "at least one dot"),
        ("bridge", {"network": "10.0.0.0/22"}, "it gets none of its own"),
        ("bridge", {"account": {}}, "names its subnet_group"),
        ("bridge", {"generation": 0}, "whole number from 1"),
    ],
)
def test_a_wrong_input_is_refused_before_anything_is_asked_of_the_cloud(
    tmp_path: Path, account: CloudAccount, kind: str, wrong: dict[str, Any], why: str
) -> None:
    laid = lay_out(tmp_path / kind, account, kind)
    laid.give(**wrong)
    laid.terraform("init")
    before = client(account.endpoint, "ec2").describe_vpcs()["Vpcs"]
    refused = laid.attempt("plan")
    assert refused.returncode == 1
    assert why in " ".join(refused.stdout.replace("│", " ").split())
    assert client(account.endpoint, "ec2").describe_vpcs()["Vpcs"] == before
