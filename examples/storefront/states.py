"""The states of an order, why one may be cancelled, and how customers pay."""

from __future__ import annotations

from django.db import models


class OrderState(models.TextChoices):
    PENDING = "pending"
    ITEMS_MODIFIED = "items_modified", "Pending (item modified)"
    PROCESSED = "processed"
    DELIVERED = "delivered"
    RETURN_REQUESTED = "return_requested", "Return requested"
    RETURNED = "returned"
    REFUNDED = "refunded", "Returned and refunded"
    EXCHANGE_REQUESTED = "exchange_requested", "Exchange requested"
    CANCELLED = "cancelled"


class CancelReason(models.TextChoices):
    NO_LONGER_NEEDED = "no_longer_needed"
    ORDERED_BY_MISTAKE = "ordered_by_mistake"
    OUT_OF_STOCK = "out_of_stock"


class MethodKind(models.TextChoices):
    CREDIT_CARD = "credit_card"
    PAYPAL = "paypal", "PayPal"
    GIFT_CARD = "gift_card"


class PaymentKind(models.TextChoices):
    PAYMENT = "payment"
    REFUND = "refund"


class SameItem(models.TextChoices):
    """Whether an item may be swapped for the very same item."""

    NEVER = "never", "never: a swap is for other options"
    EXCHANGES = "exchanges", "in exchanges of delivered items"
    ALWAYS = "always", "in every swap"


class Books(models.TextChoices):
    """How lines and refunds are written when several change at once."""

    OWN = "own", "each changed line gets its own new item's price and options"
    PUBLISHED = "published", "as the published benchmark's tools write them"


# Once an order is with the carrier it is returned, not cancelled. What a customer
# changed, or wants to send back, is in the hands of the shop's people: what does not
# come back is as delivered again, and what is not refunded goes back to the customer.
MOVES: dict[OrderState, set[OrderState]] = {
    OrderState.PENDING: {
        OrderState.ITEMS_MODIFIED,
        OrderState.PROCESSED,
        OrderState.CANCELLED,
    },
    OrderState.ITEMS_MODIFIED: {OrderState.PROCESSED},
    OrderState.PROCESSED: {OrderState.DELIVERED},
    OrderState.DELIVERED: {
        OrderState.RETURN_REQUESTED,
        OrderState.EXCHANGE_REQUESTED,
    },
    OrderState.RETURN_REQUESTED: {OrderState.RETURNED, OrderState.DELIVERED},
    OrderState.RETURNED: {OrderState.REFUNDED, OrderState.RETURN_REQUESTED},
    OrderState.REFUNDED: set(),
    OrderState.EXCHANGE_REQUESTED: set(),
    OrderState.CANCELLED: set(),
}
