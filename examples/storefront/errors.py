"""What can be wrong with a shop's request."""

from __future__ import annotations

from paybill_site.kernel.errors import PaybillError


class OutOfStock(PaybillError):
    """There is not enough of this in stock."""

    status = 409


class MixedCurrencies(PaybillError):
    """All items of an order have one currency."""

    status = 422


class RefundTooHigh(PaybillError):
    """More would be refunded than was paid."""

    status = 409


class NothingToRefund(PaybillError):
    """Only a delivered order is refunded; a pending one can be cancelled."""

    status = 409


class BalanceTooLow(PaybillError):
    """The gift card does not hold enough."""

    status = 409


class NotAGiftCard(PaybillError):
    """A gift card has a balance and a currency; nothing else has."""

    status = 422
