"""What moto 5.2 answers otherwise than AWS does, put right.

Terraform reads back all that it wrote: what the simulator forgets comes out as drift
in every plan. Each mend names what is wrong; with a moto that does it right, it goes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto import settings
from moto.core.base_backend import AccountSpecificBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ecs.models import EC2ContainerServiceBackend
from moto.ecs.responses import EC2ContainerServiceResponse
from moto.moto_api._internal import mock_random
from moto.rds import models as rds

INSIGHTS = "enable_performance_insights"
INSIGHTS_KEY = "performance_insights_kms_key_id"
REMEMBERED = {
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
}


def mend() -> None:
    """Put all of it right in this process; a second call changes nothing."""
    if getattr(rds.DBInstance.__init__, "mended", False):
        return
    rds.DBInstance.__init__ = _with_own_id(rds.DBInstance.__init__)
    rds.DBInstance.performance_insights_enabled = property(
        lambda instance: instance.enable_performance_insights
    )
    AccountSpecificBackend.__getitem__ = _begun_alike(
        AccountSpecificBackend.__getitem__
    )
    rds.uuid = mock_random  # the one name that is not made from the seed
    settings.ACM_VALIDATION_WAIT = -1  # a certificate is a minute late otherwise
    SecurityGroupRule.description = property(_description)
    EC2ContainerServiceResponse.create_service = _remembering(
        EC2ContainerServiceResponse.create_service
    )


def _with_own_id(plain: Callable[..., None]) -> Callable[..., None]:
    """All databases have one resource id, by which the provider reads each of them;
    whether they keep insights is forgotten.
    """

    def begin(self: Any, *words: Any, **named: Any) -> None:
        plain(self, *words, **named)
        self.dbi_resource_id = f"db-{mock_random.get_random_string(26).upper()}"
        self.enable_performance_insights = named.get(INSIGHTS, False)
        self.performance_insights_kms_key_id = named.get(INSIGHTS_KEY)

    vars(begin)["mended"] = True
    return begin


def _begun_alike(plain: Callable[..., Any]) -> Callable[..., Any]:
    """A region begins with things of its own, such as a default network, when it is
    first asked for anything: they depend on service and region alone, not on when.
    """

    def get(self: Any, region: str) -> Any:
        if region in self.keys():
            return plain(self, region)
        before = mock_random.getstate()
        mock_random.seed(f"{self.service_name} {self.account_id} {region}")
        try:
            return plain(self, region)
        finally:
            mock_random.setstate(before)

    return get


def _description(rule: Any) -> str | None:
    """A rule for another group loses its description."""
    said = rule.ip_range.get("Description") or rule.source_group.get("Description")
    return said if said is None else str(said)


def _remembering(plain: Callable[..., Any]) -> Callable[..., Any]:
    """A new ECS service forgets some of what it is given; a changed one does not."""

    def create_service(self: Any) -> Any:
        answer = plain(self)
        backend: EC2ContainerServiceBackend = self.ecs_backend
        cluster = self._get_param("cluster", "default").rpartition("/")[2]
        service = backend.services[f"{cluster}:{self._get_param('serviceName')}"]
        for word, attribute in REMEMBERED.items():
            if self._get_param(word) is not None:
                setattr(service, attribute, self._get_param(word))
        return answer

    return create_service
