"""A shop: customers, products with variants, orders with items, refunds.

Money is an integer number of minor units (cents) beside its currency (ISO 4217).
"""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Lower, Now

from examples.storefront.states import CancelReason, OrderState
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.objectgrants import object_grants
from paybill_site.kernel.querysets import VisibleManager


class Postal(models.Model):
    """A postal address, kept on the row that it belonged to at the time."""

    line1 = models.CharField("street and number", max_length=120, blank=True)
    line2 = models.CharField("more of the address", max_length=120, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField("state or province", max_length=80, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1")

    class Meta:
        abstract = True


POSTAL = tuple(field.name for field in Postal._meta.local_fields)


class Customer(Postal):
    """Somebody who buys in this shop. Not a user of Paybill."""

    public_id = PublicId("cus")
    name = models.CharField(max_length=120)
    email = models.EmailField()
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="customer_email_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """A thing that the shop sells, in one or more variants."""

    public_id = PublicId("prd")
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, max_length=2000)
    active = models.BooleanField(default=True, help_text="shown in the shop")
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """What is put into a box: a size and colour of a product, with its price."""

    public_id = PublicId("var")
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="variants"
    )
    sku = models.CharField("article number", max_length=40, unique=True)
    name = models.CharField(max_length=120)
    price_minor = models.PositiveBigIntegerField(
        "price", help_text="in minor units of the currency"
    )
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217")
    stock = models.PositiveIntegerField(default=0)

    objects = VisibleManager()

    class Meta:
        ordering = ["sku"]

    def __str__(self) -> str:
        return f"{self.product.name}, {self.name}"


class Order(Postal):
    """What a customer ordered, with the address it goes to."""

    public_id = PublicId("ord")
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
    placed_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]
        permissions = [
            ("cancel_order", "Can cancel order"),
            ("dispatch_order", "Can dispatch order"),
            ("deliver_order", "Can deliver order"),
            ("refund_order", "Can refund order"),
        ]
        indexes = [
            models.Index(fields=["state", "-placed_at"], name="order_of_state"),
        ]

    def __str__(self) -> str:
        return f"Order {self.public_id[-6:]}"


class OrderItem(models.Model):
    """A line of an order, with name and price as they were when it was placed."""

    public_id = PublicId("itm")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=250)
    price_minor = models.PositiveBigIntegerField(
        "unit price", help_text="in minor units of the order's currency"
    )
    quantity = models.PositiveIntegerField(validators=[MinValueValidator(1)])

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class Refund(models.Model):
    """Money that goes back to the customer of an order."""

    public_id = PublicId("rfd")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.PositiveBigIntegerField(
        "amount", help_text="in minor units of the order's currency"
    )
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Refund of {self.amount_minor} for {self.order}"


CustomerUserPermission, CustomerGroupPermission = object_grants(Customer)
ProductUserPermission, ProductGroupPermission = object_grants(Product)
OrderUserPermission, OrderGroupPermission = object_grants(Order)
