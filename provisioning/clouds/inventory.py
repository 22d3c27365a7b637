"""What a cloud itself says exists, asked by tag; never Terraform's state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from provisioning.models import Deployment


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that carries a deployment's tags.

    ``address`` is its tag ``paybill:address``; ``id`` is what an import of that
    address takes; ``name`` is how the cloud calls it (ARN, resource id). ``ends``
    says, for what is deleted but not gone, in which state it is and until when.
    """

    address: str
    id: str
    name: str
    ends: str = ""


class Inventory(Protocol):
    """``verified`` is False where nothing here could check the adapter."""

    verified: bool

    def listed(self, deployment: Deployment) -> list[Found]:
        """All that carries the deployment's tags. Raises CloudFailed."""


_makers: dict[str, Callable[[Deployment], Inventory]] = {}


def register(cloud: str, make: Callable[[Deployment], Inventory]) -> None:
    """Say how the inventory of a cloud is asked."""
    _makers[cloud] = make


def of(deployment: Deployment) -> Inventory | None:
    """The inventory of a deployment's cloud; None where there is none to ask."""
    make = _makers.get(deployment.cloud)
    return make(deployment) if make else None
