"""Ways to pay, behind one contract. ``apps.ready()`` registers those in force."""

from __future__ import annotations

from billing.gateways.contract import Gateway
from paybill_site.kernel.errors import NotFound

__all__ = ["Gateway", "available", "named", "register", "storing"]

_gateways: dict[str, Gateway] = {}


def register(gateway: Gateway) -> None:
    """Offer a way to pay. The one registered first is the default."""
    _gateways.setdefault(gateway.name, gateway)


def available() -> tuple[Gateway, ...]:
    """The ways to pay that this installation offers, the default first."""
    return tuple(_gateways.values())


def storing() -> tuple[Gateway, ...]:
    """Those that keep methods, so that customers can be charged automatically."""
    return tuple(gateway for gateway in available() if gateway.stores)


def named(name: str = "") -> Gateway:
    """The gateway with this name, or the default. Raises NotFound."""
    found = _gateways.get(name) if name else next(iter(_gateways.values()), None)
    if found is None:
        raise NotFound("there is no such way to pay")
    return found
