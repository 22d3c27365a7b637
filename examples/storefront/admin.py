"""The shop as its people administer it: look at everything, act by verbs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.safestring import SafeString

from examples.storefront.actions import (
    AddCustomer,
    AddProduct,
    CancelOrder,
    DeliverOrder,
    DispatchOrder,
    PlaceOrder,
    RefundOrder,
)
from examples.storefront.models import (
    Customer,
    Order,
    OrderItem,
    Product,
    Refund,
    Variant,
)
from paybill_site.kernel.admin import VerbAdmin, tenant_admins
from paybill_site.kernel.templatetags.paybill_ui import money


class Rows(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Rows that belong to the object, for reading."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # with the object they belong to

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class VariantRows(Rows):
    model = Variant
    fields = readonly_fields = (
        "public_id",
        "sku",
        "name",
        "price_minor",
        "currency",
        "stock",
    )


class ItemRows(Rows):
    model = OrderItem
    fields = readonly_fields = ("name", "quantity", "price_minor")


class RefundRows(Rows):
    model = Refund
    fields = readonly_fields = ("public_id", "amount_minor", "reason", "created_at")


@tenant_admins.register(Customer)
class CustomerAdmin(VerbAdmin[Customer]):
    """Who buys here."""

    list_display = ("name", "email", "city", "country", "created_at")
    search_fields = ("name", "email", "public_id")
    creator = AddCustomer


@tenant_admins.register(Product)
class ProductAdmin(VerbAdmin[Product]):
    """What is sold, in which variants."""

    list_display = ("name", "active", "created_at")
    list_filter = ("active",)
    search_fields = ("name", "public_id", "variants__sku")
    inlines = (VariantRows,)
    creator = AddProduct


@tenant_admins.register(Order)
class OrderAdmin(VerbAdmin[Order]):
    """What was ordered, and how far it got."""

    list_display = ("public_id", "customer", "state_badge", "total", "placed_at")
    list_filter = ("state",)
    list_select_related = ("customer",)
    search_fields = ("public_id", "customer__name", "customer__email")
    inlines = (ItemRows, RefundRows)
    creator = PlaceOrder
    verbs = (DispatchOrder, DeliverOrder, CancelOrder, RefundOrder)
    bulk_verbs = (DispatchOrder, DeliverOrder)

    @admin.display(description="Total", ordering="total_minor")
    def total(self, obj: Order) -> SafeString:
        return money(obj.total_minor, obj.currency)

    def related(self, obj: Order) -> Iterable[tuple[str, models.Model | str | None]]:
        return [("customer", obj.customer)]
