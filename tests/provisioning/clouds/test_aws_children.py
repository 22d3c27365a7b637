"""Parts without tags that exist already are found by what a plan says of them."""

from __future__ import annotations

from provisioning.clouds.adapters import adapter
from provisioning.models import Deployment
from tests.provisioning.clouds.conftest import Client


def test_a_route_and_an_association_are_imported_when_they_exist(
    on_aws: Deployment, aws: Client
) -> None:
    ec2, find = aws("ec2"), adapter("aws").child_id
    vpc = ec2.create_vpc(CidrBlock="10.65.0.0/22")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.65.0.0/24")["Subnet"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    route = {"route_table_id": table, "destination_cidr_block": "0.0.0.0/0"}
    joined = {"route_table_id": table, "subnet_id": subnet["SubnetId"]}
    assert find(on_aws, "aws_route", route) == ""
    assert find(on_aws, "aws_route_table_association", joined) == ""
    ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet["SubnetId"])
    assert find(on_aws, "aws_route", route) == f"{table}_0.0.0.0/0"
    found = find(on_aws, "aws_route_table_association", joined)
    assert found == f"{subnet['SubnetId']}/{table}"


def test_an_alias_is_imported_by_its_name(on_aws: Deployment, aws: Client) -> None:
    kms, find, named = aws("kms"), adapter("aws").child_id, {"name": "alias/pb-a-g1"}
    assert find(on_aws, "aws_kms_alias", named) == ""
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/pb-a-g1", TargetKeyId=key)
    assert find(on_aws, "aws_kms_alias", named) == "alias/pb-a-g1"


def test_a_record_is_imported_by_zone_name_and_type(
    on_aws: Deployment, aws: Client
) -> None:
    dns, find = aws("route53"), adapter("aws").child_id
    zone = dns.create_hosted_zone(Name="bakery.example", CallerReference="once")
    number = zone["HostedZone"]["Id"].rpartition("/")[2]
    record = {"zone_id": number, "name": "bakery.example", "type": "A"}
    assert find(on_aws, "aws_route53_record", record) == ""
    change = {
        "Action": "CREATE",
        "ResourceRecordSet": {
            "Name": "bakery.example",
            "Type": "A",
            "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}],
        },
    }
    dns.change_resource_record_sets(
        HostedZoneId=number, ChangeBatch={"Changes": [change]}
    )
    assert find(on_aws, "aws_route53_record", record) == f"{number}_bakery.example_A"


def test_what_is_not_known_yet_or_has_tags_is_no_child(on_aws: Deployment) -> None:
    find = adapter("aws").child_id
    assert find(on_aws, "aws_route", {"destination_cidr_block": "0.0.0.0/0"}) == ""
    assert find(on_aws, "aws_vpc", {"cidr_block": "10.0.0.0/16"}) == ""
