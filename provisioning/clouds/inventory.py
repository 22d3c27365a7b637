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
    """The inventory of a deployment's cloud; None where there is none to ask.

    So it is with a simulation that has no address: it keeps no record to be asked.
    """
    make = _makers.get(deployment.cloud)
    if make is not None:
        return make(deployment)
    account = deployment.account
    if account is not None and account.simulation and not account.endpoint:
        return None
    return adapter(deployment.cloud).inventory(deployment)
