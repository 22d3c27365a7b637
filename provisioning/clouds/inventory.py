"""What a cloud itself says exists, asked by tag; never Terraform's state."""

from __future__ import annotations

from collections.abc import Callable

from provisioning.clouds.adapters import Found, Inventory, adapter
from provisioning.models import Deployment

__all__ = ["Found", "Inventory", "of", "register"]

_makers: dict[str, Callable[[Deployment], Inventory]] = {}


def register(cloud: str, make: Callable[[Deployment], Inventory]) -> None:
    """Ask somebody else than the cloud's own adapter: the record of a simulator."""
    _makers[cloud] = make


def of(deployment: Deployment) -> Inventory | None:
    """The inventory of a deployment's cloud; None where there is none to ask."""
    return _makers.get(deployment.cloud, adapter(deployment.cloud).inventory)(
        deployment
    )
