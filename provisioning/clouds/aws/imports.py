"""From an ARN to what ``terraform import`` takes, by type of resource.

The table holds the types that the stacks tag, as the sections "Import" of the
provider's documentation say. Untaggable children never appear under a tag. Most are
written by a put (policies, access blocks, encryption, versions of a secret), so making
them once more is the same; for the rest see ``children``.
"""

from __future__ import annotations

from collections.abc import Callable


def _whole(arn: str) -> str:
    return arn


def _last(arn: str) -> str:
    """``...:vpc/vpc-1`` and ``...:key/1``: what is after the last slash."""
    return arn.rpartition("/")[2]


def _after_type(arn: str) -> str:
    """``...:db:name`` and ``...:subgrp:name``: what is after the last colon."""
    return arn.rpartition(":")[2]


def _log_group(arn: str) -> str:
    return arn.partition(":log-group:")[2].removesuffix(":*")


def _service(arn: str) -> str:
    """``...:service/cluster/name`` is imported as ``cluster/name``."""
    return arn.partition(":service/")[2]


IMPORTS: dict[str, Callable[[str], str]] = {
    "aws_acm_certificate": _whole,
    "aws_cloudwatch_log_group": _log_group,
    "aws_cloudwatch_metric_alarm": _after_type,
    "aws_db_instance": _after_type,
    "aws_db_parameter_group": _after_type,
    "aws_db_subnet_group": _after_type,
    "aws_default_security_group": _last,
    "aws_ecs_cluster": _last,
    "aws_ecs_service": _service,
    "aws_ecs_task_definition": _whole,
    "aws_eip": _last,
    "aws_flow_log": _last,
    "aws_iam_policy": _whole,
    "aws_iam_role": _last,
    "aws_internet_gateway": _last,
    "aws_kms_key": _last,
    "aws_lb": _whole,
    "aws_lb_listener": _whole,
    "aws_lb_listener_rule": _whole,
    "aws_lb_target_group": _whole,
    "aws_nat_gateway": _last,
    "aws_network_acl": _last,
    "aws_route53_zone": _last,
    "aws_route_table": _last,
    "aws_s3_bucket": _after_type,
    "aws_secretsmanager_secret": _whole,
    "aws_security_group": _last,
    "aws_service_discovery_private_dns_namespace": _last,
    "aws_sns_topic": _whole,
    "aws_subnet": _last,
    "aws_vpc": _last,
    "aws_vpc_endpoint": _last,
    "aws_vpc_security_group_egress_rule": _last,
    "aws_vpc_security_group_ingress_rule": _last,
}


def type_of(address: str) -> str:
    """The resource type in an address: ``module.x.aws_vpc.main`` -> ``aws_vpc``."""
    parts = address.partition("[")[0].split(".")
    return parts[-2] if len(parts) > 1 else ""


def import_id(address: str, arn: str) -> str:
    """What an import of ``address`` takes; "" for a type that is not known here."""
    make = IMPORTS.get(type_of(address))
    return make(arn) if make else ""
