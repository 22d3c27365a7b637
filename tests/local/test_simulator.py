"""The simulated AWS forgets nothing when it is started anew."""

from __future__ import annotations

import shutil
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from paybill_site.local import keys
from paybill_site.local.places import Places
from paybill_site.local.simulator import JOURNAL
from tests.simulated import client, simulated_aws

# They start from one journal: so they are for one of the parallel processes.
pytestmark = pytest.mark.xdist_group("simulator")

SECRET = "handed-over-to-a-service"


def build(address: str) -> None:
    """Look first, as programs do, then make some of everything."""
    ec2 = client(address, "ec2")
    network = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=network)
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpProtocol="tcp",
        FromPort=1,
        ToPort=1,
        CidrIp="10.0.0.0/8",
    )
    for name in ("one", "two"):
        client(address, "rds").create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.small",
            Engine="postgres",
            MasterUsername="somebody",
            ManageMasterUserPassword=True,
        )
    secrets = client(address, "secretsmanager")
    secrets.create_secret(Name="handover", SecretString=SECRET)
    client(address, "kms").create_key(Description="a key")


def everything(address: str) -> list[Any]:
    """Names and ids of all that was made; times are those of the replay."""
    ec2, rds = client(address, "ec2"), client(address, "rds")
    instances = rds.describe_db_instances()["DBInstances"]
    secrets = client(address, "secretsmanager").list_secrets()["SecretList"]
    return [
        ec2.describe_security_groups()["SecurityGroups"],
        ec2.describe_security_group_rules()["SecurityGroupRules"],
        [one["DbiResourceId"] for one in instances],
        [one["MasterUserSecret"]["SecretArn"] for one in instances],
        [one["ARN"] for one in secrets],
        client(address, "kms").list_keys()["Keys"],
    ]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """An installation whose simulator was told all that, and what is in it."""
    places = Places(tmp_path_factory.mktemp("built"))
    keys.read(places, "simulator")
    with simulated_aws(memory_of(places)) as address:
        build(address)
        return places.local, everything(address)


def memory_of(places: Places) -> list[Path]:
    """A folder for the journal, and its key."""
    return [places.simulator, places.keys / "simulator"]


@pytest.fixture
def memory(built: tuple[Path, list[Any]], tmp_path: Path) -> list[Path]:
    """The same in an installation that is this test's own."""
    shutil.copytree(built[0], tmp_path, dirs_exist_ok=True)
    return memory_of(Places(tmp_path))


@pytest.fixture
def before(built: tuple[Path, list[Any]]) -> list[Any]:
    return built[1]


def test_what_it_was_told_is_there_again_under_the_same_ids(
    before: list[Any], memory: list[Path]
) -> None:
    with simulated_aws(memory) as address:
        assert everything(address) == before
        client(address, "kms").create_key(Description="another")
        later = everything(address)
    assert len(later[5]) == len(before[5]) + 1
    with simulated_aws(memory) as address:
        assert everything(address) == later


def test_each_database_is_told_from_the_others(before: list[Any]) -> None:
    assert len(set(before[2])) == 2


def test_what_services_are_handed_is_not_to_be_read_in_the_journal(
    before: list[Any], memory: list[Path]
) -> None:
    journal = memory[0] / JOURNAL
    assert SECRET.encode() not in journal.read_bytes()
    assert journal.stat().st_mode & 0o077 == 0


def test_a_line_that_a_crash_cut_short_is_as_if_it_was_never_asked(
    before: list[Any], memory: list[Path]
) -> None:
    journal = memory[0] / JOURNAL
    with journal.open("ab") as file:
        file.write(b"gAAAAAB")
    for _ in range(2):  # and what is noted after it counts
        with simulated_aws(memory) as address:
            found = everything(address)
            client(address, "kms").create_key(Description="another")
    assert len(found[5]) == len(before[5]) + 1


def test_emptied_it_stays_empty(before: list[Any], memory: list[Path]) -> None:
    with simulated_aws(memory) as address:
        asked = HTTPConnection(address.removeprefix("http://"))
        asked.request("POST", "/moto-api/reset")
        assert asked.getresponse().status == 200
        asked.close()
        assert client(address, "kms").list_keys()["Keys"] == []
    with simulated_aws(memory) as address:
        assert client(address, "kms").list_keys()["Keys"] == []
