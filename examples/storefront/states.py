"""The states of an order and the reasons for which one may be cancelled."""

from __future__ import annotations

from django.db import models


class OrderState(models.TextChoices):
    PENDING = "pending"
    PROCESSED = "processed"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class CancelReason(models.TextChoices):
    NO_LONGER_NEEDED = "no_longer_needed"
    ORDERED_BY_MISTAKE = "ordered_by_mistake"
    OUT_OF_STOCK = "out_of_stock"


# Once an order is with the carrier it is returned, not cancelled.
MOVES: dict[OrderState, set[OrderState]] = {
    OrderState.PENDING: {OrderState.PROCESSED, OrderState.CANCELLED},
    OrderState.PROCESSED: {OrderState.DELIVERED},
    OrderState.DELIVERED: set(),
    OrderState.CANCELLED: set(),
}
