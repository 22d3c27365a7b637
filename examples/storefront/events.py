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


class OrderAddressModified(_OfOrder):
    """A pending order goes somewhere else."""


class OrderPaymentModified(_OfOrder):
    """Another method paid for a pending order."""


class OrderItemsModified(_OfOrder):
    """Items of a pending order are others now, for so much more or less."""

    difference_minor: int


class ReturnRequested(_OfOrder):
    """Items of a delivered order are to come back."""


class ReturnReceived(_OfOrder):
    """What was to come back is here."""


class ReturnWithdrawn(_OfOrder):
    """Nothing comes back, or it went to the customer again; nothing is refunded."""


class ExchangeRequested(_OfOrder):
    """Items of a delivered order are to be exchanged."""
