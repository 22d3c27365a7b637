"""Untaggable things that can not be made twice, found by what a plan says of them.

A route, an association, an alias and a record carry no tags, and AWS refuses a second
one. After their parents were imported, a plan that wants to create them knows all that
names them; so what exists already is found by that name and imported too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioning.clouds.aws.entering import Entrance, told
from provisioning.models import Deployment

type Values = Mapping[str, Any]


def child_id(deployment: Deployment, kind: str, values: Values) -> str:
    """What an import takes of a child that exists already; "" when it does not.

    ``kind`` is the resource type, ``values`` are those of ``change.after`` in the
    plan; what is not known yet belongs to a parent that does not exist. Raises
    CloudFailed.
    """
    service, needed, find = CHILDREN.get(kind, ("", (), None))
    if find is None or any(not values.get(name) for name in needed):
        return ""
    client = Entrance.to(deployment).client(service, deployment.region)
    with told("look for a part of something else"):
        return find(client, values)


def _route(ec2: Any, values: Values) -> str:
    table, to = values["route_table_id"], values["destination_cidr_block"]
    same = [{"Name": "route-table-id", "Values": [table]}]
    for found in ec2.describe_route_tables(Filters=same)["RouteTables"]:
        if any(r.get("DestinationCidrBlock") == to for r in found["Routes"]):
            return f"{table}_{to}"
    return ""


def _association(ec2: Any, values: Values) -> str:
    table, subnet = values["route_table_id"], values["subnet_id"]
    same = [{"Name": "route-table-id", "Values": [table]}]
    for found in ec2.describe_route_tables(Filters=same)["RouteTables"]:
        if any(a.get("SubnetId") == subnet for a in found["Associations"]):
            return f"{subnet}/{table}"
    return ""


def _alias(kms: Any, values: Values) -> str:
    for page in kms.get_paginator("list_aliases").paginate():
        if any(alias["AliasName"] == values["name"] for alias in page["Aliases"]):
            return str(values["name"])
    return ""


def _record(dns: Any, values: Values) -> str:
    zone, name, kind = values["zone_id"], str(values["name"]), values["type"]
    whole = f"{name.rstrip('.')}."
    found = dns.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=whole, StartRecordType=kind, MaxItems="1"
    )["ResourceRecordSets"]
    same = any(row["Name"] == whole and row["Type"] == kind for row in found)
    return f"{zone}_{name.rstrip('.')}_{kind}" if same else ""


CHILDREN: dict[str, tuple[str, tuple[str, ...], Callable[[Any, Values], str]]] = {
    "aws_kms_alias": ("kms", ("name",), _alias),
    "aws_route": ("ec2", ("route_table_id", "destination_cidr_block"), _route),
    "aws_route53_record": ("route53", ("zone_id", "name", "type"), _record),
    "aws_route_table_association": (
        "ec2",
        ("route_table_id", "subnet_id"),
        _association,
    ),
}
