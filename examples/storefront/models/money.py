"""What was paid for an order and what went back, in the order in which it happened."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from examples.storefront.models.customers import PaymentMethod
from examples.storefront.models.orders import Order
from examples.storefront.states import PaymentKind
from paybill_site.kernel.ids import PublicId
from paybill_site.kernel.querysets import VisibleManager


class OrderPayment(models.Model):
    """One row of an order's payment history."""

    public_id = PublicId("opm")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    kind = models.CharField(max_length=10, choices=PaymentKind.choices)
    amount_minor = models.PositiveBigIntegerField(
        "amount", help_text="in minor units of the order's currency"
    )
    method = models.ForeignKey(
        PaymentMethod, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    objects = VisibleManager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.amount_minor} for {self.order}"


class Refund(models.Model):
    """Money that the shop's people pay back, and why."""

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
