"""Ways to pay, behind one small contract. ``apps.ready()`` registers those in force."""

from __future__ import annotations

from typing import Any, Protocol

from billing.models import Invoice
from paybill_site.kernel.errors import NotFound


class Gateway(Protocol):
    """A way to pay. How money is taken is an action of the gateway's own room."""

    name: str
    label: str
    test: bool  # no money moves

    def page(self, invoice: Invoice) -> dict[str, Any]:
        """What the pay page needs beyond the invoice: see ``portal/pay.html``."""


_gateways: dict[str, Gateway] = {}


def register(gateway: Gateway) -> None:
    """Offer a way to pay. The one registered first is the default."""
    _gateways.setdefault(gateway.name, gateway)


def available() -> tuple[Gateway, ...]:
    """The ways to pay that this installation offers, the default first."""
    return tuple(_gateways.values())


def named(name: str = "") -> Gateway:
    """The gateway with this name, or the default. Raises NotFound."""
    found = _gateways.get(name) if name else next(iter(_gateways.values()), None)
    if found is None:
        raise NotFound("there is no such way to pay")
    return found
