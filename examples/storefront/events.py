"""What happens in a shop."""

from __future__ import annotations

from paybill_site.kernel.events import Event


class _OfOrder(Event):
    """Events of one order keep their order."""

    order: str

    @property
    def stream(self) -> str:
        return self.order


class OrderPlaced(_OfOrder):
    """A customer ordered something."""


class OrderCancelled(_OfOrder):
    """An order will not be delivered. ``reason`` is a CancelReason."""

    reason: str


class OrderRefunded(_OfOrder):
    """Money goes back to the customer. ``amount_minor`` is in the order's currency."""

    refund: str
    amount_minor: int
