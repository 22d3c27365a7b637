"""What was ordered, what it became, and how it travels."""

from __future__ import annotations

import secrets

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from examples.storefront.models.customers import Customer, PaymentMethod, Postal
from examples.storefront.models.products import Product, Variant
from examples.storefront.states import CancelReason, OrderState
from paybill_site.kernel.ids import ALPHABET, PublicId
from paybill_site.kernel.objectgrants import object_grants
from paybill_site.kernel.querysets import VisibleManager


def order_number() -> str:
    """What a customer reads out on the telephone: # and ten letters and digits."""
    return "#" + "".join(secrets.choice(ALPHABET) for _ in range(10)).upper()


class Order(Postal):
    """What a customer ordered, with the address it goes to."""

    # Two calls about one customer's money queue up for the customer.
    locked_after = "customer"

    public_id = PublicId("ord")
    number = models.CharField(
        max_length=40, unique=True, default=order_number, editable=False
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="orders"
    )
    state = models.CharField(
        max_length=20, choices=OrderState.choices, default=OrderState.PENDING
    )
    currency = models.CharField(max_length=3, help_text="ISO 4217")
    total_minor = models.PositiveBigIntegerField(
        "total", help_text="in minor units of the currency"
    )
    cancel_reason = models.CharField(
        max_length=30, choices=CancelReason.choices, blank=True, editable=False
    )
    # What the customer wants to send back, by article number, one entry per piece.
    return_items = models.JSONField(null=True, blank=True, editable=False)
    return_method = models.ForeignKey(
        PaymentMethod,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="where the refund of a return goes",
    )
    exchange_items = models.JSONField(null=True, blank=True, editable=False)
    exchange_new_items = models.JSONField(null=True, blank=True, editable=False)
    exchange_method = models.ForeignKey(
        PaymentMethod,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        help_text="pays or gets the difference of an exchange",
    )
    exchange_difference_minor = models.BigIntegerField(
        "difference of the exchange",
        null=True,
        editable=False,
        help_text="in minor units; above zero the customer pays",
    )
    placed_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("cancel_order", "Can cancel order"),
            ("dispatch_order", "Can dispatch order"),
            ("deliver_order", "Can deliver order"),
            ("refund_order", "Can refund order"),
            ("cancel_pending_order", "Can cancel pending order for its customer"),
            ("modify_order_address", "Can modify address of pending order"),
            ("modify_order_payment", "Can modify payment of pending order"),
            ("modify_order_items", "Can modify items of pending order"),
            ("return_order_items", "Can return items of delivered order"),
            ("exchange_order_items", "Can exchange items of delivered order"),
            ("receive_return", "Can receive returned items"),
            ("withdraw_return", "Can withdraw return"),
        ]
        indexes = [
            models.Index(fields=["state", "-placed_at"], name="order_of_state"),
        ]

    def __str__(self) -> str:
        return f"Order {self.number}"


class OrderItem(models.Model):
    """A line of an order, with name, options and price as at the time."""

    public_id = PublicId("itm")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=250)
    options = models.JSONField(default=dict, blank=True)
    price_minor = models.PositiveBigIntegerField(
        "unit price", help_text="in minor units of the order's currency"
    )
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class Fulfilment(models.Model):
    """A parcel of an order: who can be asked for it, and what is in it."""

    public_id = PublicId("ful")
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="fulfilments"
    )
    tracking = models.JSONField(default=list, help_text="the carrier's numbers")
    items = models.JSONField(
        default=list, help_text="article numbers, one entry per piece"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return ", ".join(self.tracking) or f"Parcel {self.public_id[-6:]}"


OrderUserPermission, OrderGroupPermission = object_grants(Order)
