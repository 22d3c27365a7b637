"""What the shop sells."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.objectgrants import object_grants
from paybill_site.kernel.querysets import VisibleManager


class Product(models.Model):
    """A thing that the shop sells, in one or more variants."""

    public_id = PublicId("prd")
    reference = models.CharField(
        max_length=80,
        unique=True,
        null=True,
        blank=True,
        help_text="the product's id in another system",
    )
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
    options = models.JSONField(
        default=dict, blank=True, help_text="such as size and colour, by name"
    )
    available = models.BooleanField(default=True, help_text="can be ordered now")
    price_minor = models.PositiveBigIntegerField(
        "price", help_text="in minor units of the currency"
    )
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217")
    stock = models.PositiveIntegerField(
        null=True, blank=True, default=0, help_text="blank: not counted"
    )

    objects = VisibleManager()

    class Meta:
        ordering = ["sku"]

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.product.name, self.name)))

    def can_be_had(self, count: int) -> bool:
        """Whether so many can be promised now."""
        return self.available and (self.stock is None or self.stock >= count)


ProductUserPermission, ProductGroupPermission = object_grants(Product)
