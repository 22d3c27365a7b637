"""What is deleted but not gone: each service says so in its own way.

``ends`` returns "" for what stands, words for what AWS keeps for a while, and None for
what is gone although a list of tags has it still.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from provisioning.clouds.aws.entering import Entrance

MISSING = re.compile(r"NotFound|NoSuch|^404$|InvalidClusterName|ClientException")


def ends(entrance: Entrance, region: str, name: str) -> str | None:
    """In which end state a thing is; see above."""
    service, look = LOOKS.get(kind(name), ("", None))
    if look is None:
        return ""
    try:
        return look(entrance.client(service, region), name)
    except ClientError as error:
        if MISSING.search(str(error.response.get("Error", {}).get("Code", ""))):
            return None
        raise


def kind(name: str) -> str:
    """``arn:aws:kms:...:key/1`` -> ``kms:key``; ``nat-1`` -> ``nat``; S3: ``s3``."""
    if not name.startswith("arn:"):
        return name.partition("-")[0]
    service, resource = name.split(":", 5)[2], name.split(":", 5)[5]
    if service == "s3":
        return "s3"
    return f"{service}:{re.split('[:/]', resource)[0]}"


def _until(at: datetime | None) -> str:
    return f" until {at:%Y-%m-%d}" if at is not None else ""


def _nat_gateway(ec2: Any, name: str) -> str | None:
    found = ec2.describe_nat_gateways(NatGatewayIds=[name])["NatGateways"]
    if not found:
        return None
    state = found[0]["State"]
    return f"{state}; AWS lists it for an hour" if state.startswith("delet") else ""


def _endpoint(ec2: Any, name: str) -> str | None:
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[name])["VpcEndpoints"]
    if not found:
        return None
    state = str(found[0]["State"]).lower()
    return state if state.startswith("delet") else ""


def _key(kms: Any, name: str) -> str | None:
    key = kms.describe_key(KeyId=name)["KeyMetadata"]
    if key["KeyState"] != "PendingDeletion":
        return ""
    return f"pending deletion{_until(key.get('DeletionDate'))}"


def _secret(secrets: Any, name: str) -> str | None:
    deleted = secrets.describe_secret(SecretId=name).get("DeletedDate")
    return f"scheduled for deletion, {deleted:%Y-%m-%d}" if deleted else ""


def _snapshot(rds: Any, name: str) -> str | None:
    wanted = name.partition(":snapshot:")[2]
    found = rds.describe_db_snapshots(DBSnapshotIdentifier=wanted)["DBSnapshots"]
    if not found:
        return None
    made = found[0].get("SnapshotCreateTime")
    since = f" of {made:%Y-%m-%d}" if made else ""
    if found[0].get("SnapshotType") == "automated":
        return f"automated backup{since}, kept for its days"
    return f"backup{since}, kept until an operator deletes it"


def _database(rds: Any, name: str) -> str | None:
    found = rds.describe_db_instances(DBInstanceIdentifier=name.rpartition(":")[2])
    return "" if found["DBInstances"] else None


def _cluster(ecs: Any, name: str) -> str | None:
    return _inactive(ecs.describe_clusters(clusters=[name])["clusters"])


def _service(ecs: Any, name: str) -> str | None:
    cluster = name.partition(":service/")[2].partition("/")[0]
    return _inactive(
        ecs.describe_services(cluster=cluster, services=[name])["services"]
    )


def _task_definition(ecs: Any, name: str) -> str | None:
    found = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    return _inactive([found])


def _inactive(found: list[Any]) -> str | None:
    if not found:
        return None
    status = str(found[0]["status"])
    return "" if status == "ACTIVE" else f"{status.lower()}; AWS keeps its description"


def _task(ecs: Any, name: str) -> str | None:
    cluster = name.partition(":task/")[2].partition("/")[0]
    found = ecs.describe_tasks(cluster=cluster, tasks=[name])["tasks"]
    if not found:
        return None
    return "stopped" if found[0]["lastStatus"] == "STOPPED" else ""


def _bucket(s3: Any, name: str) -> str | None:
    s3.head_bucket(Bucket=name.rpartition(":")[2])
    return ""


def _load_balancer(elb: Any, name: str) -> str | None:
    found = elb.describe_load_balancers(LoadBalancerArns=[name])["LoadBalancers"]
    return "" if found else None


def _target_group(elb: Any, name: str) -> str | None:
    found = elb.describe_target_groups(TargetGroupArns=[name])["TargetGroups"]
    return "" if found else None


def _log_group(logs: Any, name: str) -> str | None:
    wanted = name.partition(":log-group:")[2].removesuffix(":*")
    found = logs.describe_log_groups(logGroupNamePrefix=wanted)["logGroups"]
    return "" if any(group["logGroupName"] == wanted for group in found) else None


def _of_ec2(call: str, ids: str) -> Look:
    """Things of EC2 that are there or not; asked for what is not, it says NotFound."""

    def look(ec2: Any, name: str) -> str | None:
        getattr(ec2, call)(**{ids: [name]})
        return ""

    return look


type Look = Callable[[Any, str], str | None]

LOOKS: dict[str, tuple[str, Look]] = {
    "ecs:cluster": ("ecs", _cluster),
    "ecs:service": ("ecs", _service),
    "ecs:task": ("ecs", _task),
    "ecs:task-definition": ("ecs", _task_definition),
    "elasticloadbalancing:loadbalancer": ("elbv2", _load_balancer),
    "elasticloadbalancing:targetgroup": ("elbv2", _target_group),
    "kms:key": ("kms", _key),
    "logs:log-group": ("logs", _log_group),
    "nat": ("ec2", _nat_gateway),
    "rds:db": ("rds", _database),
    "rds:snapshot": ("rds", _snapshot),
    "s3": ("s3", _bucket),
    "secretsmanager:secret": ("secretsmanager", _secret),
    "vpce": ("ec2", _endpoint),
    "acl": ("ec2", _of_ec2("describe_network_acls", "NetworkAclIds")),
    "eipalloc": ("ec2", _of_ec2("describe_addresses", "AllocationIds")),
    "igw": ("ec2", _of_ec2("describe_internet_gateways", "InternetGatewayIds")),
    "rtb": ("ec2", _of_ec2("describe_route_tables", "RouteTableIds")),
    "sg": ("ec2", _of_ec2("describe_security_groups", "GroupIds")),
    "sgr": ("ec2", _of_ec2("describe_security_group_rules", "SecurityGroupRuleIds")),
    "subnet": ("ec2", _of_ec2("describe_subnets", "SubnetIds")),
    "vpc": ("ec2", _of_ec2("describe_vpcs", "VpcIds")),
}
