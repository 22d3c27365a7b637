"""What an AWS account holds before the first tenant: a shared network and a zone.

At a real account its owner made them and typed their names; a simulated one starts
empty. Everything is found again by its name, so a repeat makes nothing twice.
"""

from __future__ import annotations

from typing import Any

from provisioning.clouds.aws.entering import Entrance, told
from provisioning.models import CloudAccount

NAME = "paybill-shared"
NETWORK, SUBNETS = "10.0.0.0/22", ("10.0.0.0/24", "10.0.1.0/24")
NAMED = [{"Key": "Name", "Value": NAME}]
BY_NAME = [{"Name": "tag:Name", "Values": [NAME]}]


def lay(account: CloudAccount, domain: str) -> dict[str, str]:
    """The account's details for our stacks, with what was missing made.

    ``domain`` is that of the tenants. Raises CloudFailed.
    """
    entrance, region = Entrance(account), account.regions[0]
    with told("make the shared network"):
        ec2 = entrance.client("ec2", region)
        network = _network(ec2)
        subnets = _subnets(ec2, network, region)
        return {
            "security_group": _group(ec2, network),
            "subnet_group": _subnet_group(entrance.client("rds", region), subnets),
            "zone_id": _zone(entrance.client("route53", region), domain),
        }


def _network(ec2: Any) -> str:
    found = ec2.describe_vpcs(Filters=BY_NAME)["Vpcs"]
    if found:
        return str(found[0]["VpcId"])
    made = ec2.create_vpc(
        CidrBlock=NETWORK,
        TagSpecifications=[{"ResourceType": "vpc", "Tags": NAMED}],
    )
    return str(made["Vpc"]["VpcId"])


def _subnets(ec2: Any, network: str, region: str) -> list[str]:
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network]}])
    known = {one["CidrBlock"]: str(one["SubnetId"]) for one in found["Subnets"]}
    for letter, cidr in zip("ab", SUBNETS, strict=True):
        if cidr not in known:
            made = ec2.create_subnet(
                VpcId=network, CidrBlock=cidr, AvailabilityZone=f"{region}{letter}"
            )
            known[cidr] = str(made["Subnet"]["SubnetId"])
    return [known[cidr] for cidr in SUBNETS]


def _group(ec2: Any, network: str) -> str:
    filters = [
        {"Name": "group-name", "Values": [NAME]},
        {"Name": "vpc-id", "Values": [network]},
    ]
    found = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    if found:
        return str(found[0]["GroupId"])
    made = ec2.create_security_group(
        GroupName=NAME, Description="Databases of bridge tenants", VpcId=network
    )
    return str(made["GroupId"])


def _subnet_group(rds: Any, subnets: list[str]) -> str:
    groups = rds.describe_db_subnet_groups()["DBSubnetGroups"]
    if NAME not in {group["DBSubnetGroupName"] for group in groups}:
        rds.create_db_subnet_group(
            DBSubnetGroupName=NAME,
            DBSubnetGroupDescription="Databases of bridge tenants",
            SubnetIds=subnets,
        )
    return NAME


def _zone(dns: Any, domain: str) -> str:
    zones = dns.list_hosted_zones_by_name(DNSName=f"{domain}.")["HostedZones"]
    found = [zone["Id"] for zone in zones if zone["Name"] == f"{domain}."]
    if not found:
        made = dns.create_hosted_zone(Name=domain, CallerReference=NAME)
        found = [made["HostedZone"]["Id"]]
    return str(found[0]).rpartition("/")[2]
