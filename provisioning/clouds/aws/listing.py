"""What carries a deployment's tags on AWS, asked of each service that knows.

1. EC2's own list of tags: networks, gateways, addresses, security groups and rules.
2. The tagging service, in the deployment's region and where things without a region
   are kept, for everything else.
3. Roles, RDS groups and zones by name, listeners by their balancer, because the tagging
   service does not list them (roles) or not at once.
4. Each is looked at once more: what is deleted but listed still is left out, what
   AWS keeps for a while is named with its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from provisioning.clouds.adapters import Found
from provisioning.clouds.addresses import of_tag
from provisioning.clouds.aws.endings import ends
from provisioning.clouds.aws.entering import HOME_REGION, Entrance, told
from provisioning.clouds.aws.imports import import_id
from provisioning.models import Deployment

MARK, ADDRESS = "paybill:deployment", "paybill:address"
PREFIX = "pb-"  # how every name in our stacks begins
MOST_VALUES = 200  # of one filter, as EC2 allows it

type Tagged = tuple[str, str, str]  # name, its tag ``paybill:address``, region


class AwsInventory:
    """AWS as its own record says; checked here against the simulator."""

    verified = True

    def __init__(self, deployment: Deployment) -> None:
        self.entrance = Entrance.to(deployment)

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""
        with told("list what exists"):
            found = {name: rest for name, *rest in self._tagged(deployment)}
            balancers = [name for name in found if ":loadbalancer/" in name]
            for name, *rest in self._listeners(deployment, balancers):
                found[name] = rest
            return [
                Found(address, import_id(address, name), name, state)
                for name, (tag, region) in sorted(found.items())
                for address in [of_tag(tag)]
                for state in [ends(self.entrance, region, name)]
                if state is not None
            ]

    def _tagged(self, deployment: Deployment) -> Iterator[Tagged]:
        region, mark = deployment.region, deployment.public_id
        yield from self._ec2(region, mark)
        for place in dict.fromkeys((region, HOME_REGION)):
            yield from self._tagging_service(place, mark)
        part = f"-g{deployment.generation}"
        yield from self._roles(region, mark, part)
        yield from self._rds_groups(region, mark, part)
        yield from self._zones(region, mark, part)

    def _ec2(self, region: str, mark: str) -> Iterator[Tagged]:
        ec2 = self.entrance.client("ec2", region)
        names = sorted(_tag_values(ec2, key=MARK, value=mark))
        for first in range(0, len(names), MOST_VALUES):
            some = names[first : first + MOST_VALUES]
            addresses = _tag_values(ec2, key=ADDRESS, **{"resource-id": some})
            for name in some:
                yield name, addresses.get(name, ""), region

    def _tagging_service(self, region: str, mark: str) -> Iterator[Tagged]:
        service = self.entrance.client("resourcegroupstaggingapi", region)
        pages = service.get_paginator("get_resources").paginate(
            TagFilters=[{"Key": MARK, "Values": [mark]}]
        )
        for page in pages:
            for row in page["ResourceTagMappingList"]:
                tags = _tags(row["Tags"])
                if ":ec2:" not in row["ResourceARN"] and tags.get(MARK) == mark:
                    yield row["ResourceARN"], tags.get(ADDRESS, ""), region

    def _roles(self, region: str, mark: str, part: str) -> Iterator[Tagged]:
        iam = self.entrance.client("iam", region)
        for page in iam.get_paginator("list_roles").paginate():
            for role in page["Roles"]:
                if _ours(role["RoleName"], part):
                    given = iam.list_role_tags(RoleName=role["RoleName"])["Tags"]
                    yield from _marked(role["Arn"], given, mark, region)

    def _rds_groups(self, region: str, mark: str, part: str) -> Iterator[Tagged]:
        rds = self.entrance.client("rds", region)
        kinds = (
            ("describe_db_subnet_groups", "DBSubnetGroup"),
            ("describe_db_parameter_groups", "DBParameterGroup"),
        )
        for call, kind in kinds:
            for page in rds.get_paginator(call).paginate():
                for group in page[f"{kind}s"]:
                    if _ours(group[f"{kind}Name"], part):
                        arn = group[f"{kind}Arn"]
                        given = rds.list_tags_for_resource(ResourceName=arn)["TagList"]
                        yield from _marked(arn, given, mark, region)

    def _zones(self, region: str, mark: str, part: str) -> Iterator[Tagged]:
        dns = self.entrance.client("route53", region)
        for page in dns.get_paginator("list_hosted_zones").paginate():
            for zone in page["HostedZones"]:
                if _ours(zone.get("Config", {}).get("Comment", ""), part):
                    number = zone["Id"].rpartition("/")[2]
                    given = dns.list_tags_for_resource(
                        ResourceType="hostedzone", ResourceId=number
                    )["ResourceTagSet"]["Tags"]
                    arn = f"arn:aws:route53:::hostedzone/{number}"
                    yield from _marked(arn, given, mark, region)

    def _listeners(
        self, deployment: Deployment, balancers: list[str]
    ) -> Iterator[Tagged]:
        if not balancers:
            return
        region = deployment.region
        elb = self.entrance.client("elbv2", region)
        for balancer in balancers:
            found = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
            names = [listener["ListenerArn"] for listener in found]
            if names:
                shown = elb.describe_tags(ResourceArns=names)["TagDescriptions"]
                for row in shown:
                    name, mark = row["ResourceArn"], deployment.public_id
                    yield from _marked(name, row["Tags"], mark, region)


def _tag_values(ec2: Any, **filters: Any) -> dict[str, str]:
    """Resource id to the value of a tag, for the tags that the filters let through."""
    wanted = [
        {"Name": name, "Values": values if isinstance(values, list) else [values]}
        for name, values in filters.items()
    ]
    pages = ec2.get_paginator("describe_tags").paginate(Filters=wanted)
    return {tag["ResourceId"]: tag["Value"] for page in pages for tag in page["Tags"]}


def _ours(name: str, part: str) -> bool:
    return name.startswith(PREFIX) and part in name


def _marked(name: str, given: Any, mark: str, region: str) -> Iterator[Tagged]:
    tags = _tags(given)
    if tags.get(MARK) == mark:
        yield name, tags.get(ADDRESS, ""), region


def _tags(given: Iterable[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given}
