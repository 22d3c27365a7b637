"""What AWS says exists under a deployment's tags, and what is only ending."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from provisioning.clouds import inventory
from provisioning.clouds.adapters import Found, adapter
from provisioning.clouds.aws.imports import import_id
from provisioning.errors import CloudFailed
from provisioning.models import CloudAccount, Deployment
from tests.provisioning.clouds.conftest import REGION, Client


def tags(deployment: Deployment, address: str) -> list[dict[str, str]]:
    return [
        {"Key": "paybill:deployment", "Value": deployment.public_id},
        {"Key": "paybill:address", "Value": address},
    ]


def listed(deployment: Deployment) -> dict[str, Found]:
    """What the inventory finds, by address; what stands before what ends."""
    asked = inventory.of(deployment)
    assert asked is not None
    assert asked.verified
    every = asked.listed(deployment)
    return {found.address: found for found in sorted(every, key=lambda f: not f.ends)}


def make_network(ec2: Any, deployment: Deployment) -> tuple[str, str]:
    vpc = ec2.create_vpc(
        CidrBlock="10.64.0.0/22",
        TagSpecifications=[
            {"ResourceType": "vpc", "Tags": tags(deployment, "aws_vpc.main")}
        ],
    )["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc,
        CidrBlock="10.64.0.0/24",
        TagSpecifications=[
            {
                "ResourceType": "subnet",
                "Tags": tags(deployment, "aws_subnet.private/a"),
            }
        ],
    )["Subnet"]["SubnetId"]
    return vpc, subnet


def test_nothing_was_made_and_nothing_is_listed(on_aws: Deployment) -> None:
    assert listed(on_aws) == {}


def test_networks_addresses_and_rules_are_listed_with_what_an_import_takes(
    on_aws: Deployment, aws: Client
) -> None:
    ec2 = aws("ec2")
    vpc, subnet = make_network(ec2, on_aws)
    address = ec2.allocate_address(
        Domain="vpc",
        TagSpecifications=[
            {
                "ResourceType": "elastic-ip",
                "Tags": tags(on_aws, "aws_eip.nat:0"),
            }
        ],
    )["AllocationId"]
    found = listed(on_aws)
    assert found["aws_vpc.main"].id == vpc
    assert found['aws_subnet.private["a"]'].id == subnet
    assert found["aws_eip.nat[0]"].id == address
    assert {f.ends for f in found.values()} == {""}


def test_another_deployments_things_are_not_listed(
    on_aws: Deployment, aws: Client
) -> None:
    make_network(aws("ec2"), on_aws)
    found = listed(on_aws)
    on_aws.public_id = "dep_00000000000000000000000000"
    assert found
    assert listed(on_aws) == {}


def test_a_role_is_found_though_the_tagging_service_does_not_know_it(
    on_aws: Deployment, aws: Client
) -> None:
    aws("iam").create_role(
        RoleName=f"pb-x-g{on_aws.generation}-task",
        AssumeRolePolicyDocument="{}",
        Tags=tags(on_aws, "aws_iam_role.task"),
    )
    assert listed(on_aws)["aws_iam_role.task"].id == f"pb-x-g{on_aws.generation}-task"


def test_a_subnet_group_and_a_database_are_found(
    on_aws: Deployment, aws: Client
) -> None:
    _, subnet = make_network(aws("ec2"), on_aws)
    rds, name = aws("rds"), f"pb-y-g{on_aws.generation}"
    rds.create_db_subnet_group(
        DBSubnetGroupName=name,
        DBSubnetGroupDescription="of a test",
        SubnetIds=[subnet],
        Tags=tags(on_aws, "aws_db_subnet_group.main"),
    )
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.small",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="paybill",
        MasterUserPassword="only-in-a-simulator",
        Tags=tags(on_aws, "aws_db_instance.main"),
        CopyTagsToSnapshot=True,
    )
    found = listed(on_aws)
    assert found["aws_db_subnet_group.main"].id == name
    assert found["aws_db_instance.main"].id == name
    rds.delete_db_instance(
        DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"{name}-final"
    )
    asked = inventory.of(on_aws)
    assert asked is not None
    kept = {f.name.rpartition(":")[2]: f for f in asked.listed(on_aws)}
    assert kept[f"{name}-final"].ends.startswith("backup of ")
    assert all(f.ends for n, f in kept.items() if n.startswith(name) and n != name)


def test_a_key_and_a_secret_that_are_scheduled_for_deletion_say_until_when(
    on_aws: Deployment, aws: Client
) -> None:
    kms, secrets = aws("kms"), aws("secretsmanager")
    key = kms.create_key(
        Tags=[
            {"TagKey": tag["Key"], "TagValue": tag["Value"]}
            for tag in tags(on_aws, "aws_kms_key.data")
        ]
    )["KeyMetadata"]["KeyId"]
    secret = secrets.create_secret(
        Name=f"pb-z-g{on_aws.generation}",
        SecretString="hidden",
        Tags=tags(on_aws, "aws_secretsmanager_secret.app"),
    )["ARN"]
    found = listed(on_aws)
    assert found["aws_kms_key.data"].id == key
    assert found["aws_secretsmanager_secret.app"].id == secret
    assert {f.ends for f in found.values()} == {""}
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    secrets.delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    found = listed(on_aws)
    assert found["aws_kms_key.data"].ends.startswith("pending deletion until 20")
    assert "scheduled for deletion" in found["aws_secretsmanager_secret.app"].ends
    end = date.fromisoformat(found["aws_kms_key.data"].ends[-10:])
    assert end > datetime.now(UTC).date()


def test_a_gateway_that_was_deleted_is_named_as_ending(
    on_aws: Deployment, aws: Client
) -> None:
    ec2 = aws("ec2")
    _, subnet = make_network(ec2, on_aws)
    gateway = ec2.create_nat_gateway(
        SubnetId=subnet,
        ConnectivityType="private",
        TagSpecifications=[
            {
                "ResourceType": "natgateway",
                "Tags": tags(on_aws, "aws_nat_gateway.main"),
            }
        ],
    )["NatGateway"]["NatGatewayId"]
    assert listed(on_aws)["aws_nat_gateway.main"].id == gateway
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert "deleted" in listed(on_aws)["aws_nat_gateway.main"].ends


def test_containers_logs_storage_and_load_balancers_are_found(
    on_aws: Deployment, aws: Client
) -> None:
    name, small = (
        f"pb-w-g{on_aws.generation}",
        [
            {"key": tag["Key"], "value": tag["Value"]}
            for tag in tags(on_aws, "aws_ecs_cluster.main")
        ],
    )
    ecs, s3, logs = aws("ecs"), aws("s3"), aws("logs")
    cluster = ecs.create_cluster(clusterName=name, tags=small)["cluster"]
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    s3.put_bucket_tagging(
        Bucket=name, Tagging={"TagSet": tags(on_aws, "aws_s3_bucket.data")}
    )
    logs.create_log_group(
        logGroupName=f"/paybill/{name}",
        tags={t["Key"]: t["Value"] for t in tags(on_aws, "aws_cloudwatch_log_group.x")},
    )
    found = listed(on_aws)
    assert found["aws_ecs_cluster.main"].id == name
    assert found["aws_ecs_cluster.main"].name == cluster["clusterArn"]
    assert found["aws_s3_bucket.data"].id == name
    assert found["aws_cloudwatch_log_group.x"].id == f"/paybill/{name}"
    ecs.delete_cluster(cluster=name)
    s3.delete_bucket(Bucket=name)
    logs.delete_log_group(logGroupName=f"/paybill/{name}")
    assert all(found.ends for found in listed(on_aws).values())


def test_a_log_in_is_read_where_the_stack_says_it_is(
    on_aws: Deployment, aws: Client
) -> None:
    log_in = '{"username": "paybill", "password": "only-here"}'
    made = aws("secretsmanager").create_secret(Name="login", SecretString=log_in)
    assert adapter("aws").read_secret(on_aws, made["ARN"]) == log_in
    with pytest.raises(CloudFailed, match="AWS refused to read a secret: Resource"):
        adapter("aws").read_secret(on_aws, "no-such-secret")


def test_a_simulation_without_an_address_has_nobody_to_ask(
    on_aws: Deployment, simulated: CloudAccount
) -> None:
    CloudAccount.objects.update(endpoint="", cloud="azure")
    Deployment.objects.update(cloud="azure")
    assert inventory.of(Deployment.objects.get()) is None


def test_a_simulator_that_does_not_answer_is_said(
    on_aws: Deployment, simulated: CloudAccount
) -> None:
    simulated.endpoint = "http://127.0.0.1:1"
    simulated.save()
    on_aws.refresh_from_db()
    with pytest.raises(CloudFailed, match="AWS did not list what exists"):
        listed(on_aws)


@pytest.mark.parametrize(
    ("address", "arn", "wanted"),
    [
        (
            "aws_ecs_service.app",
            "arn:aws:ecs:eu-central-1:1:service/pb-a-g1/pb-a-g1",
            "pb-a-g1/pb-a-g1",
        ),
        ("aws_lb.main", "arn:aws:elasticloadbalancing:r:1:loadbalancer/app/x/1", None),
        ("aws_route53_zone.main", "arn:aws:route53:::hostedzone/Z1", "Z1"),
        ("module.data.aws_s3_bucket.files", "arn:aws:s3:::pb-a-g1", "pb-a-g1"),
        ("aws_unknown_thing.x", "arn:aws:other:::thing/1", ""),
    ],
)
def test_an_import_takes_what_the_provider_documents(
    address: str, arn: str, wanted: str | None
) -> None:
    assert import_id(address, arn) == (arn if wanted is None else wanted)
