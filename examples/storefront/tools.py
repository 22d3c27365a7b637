"""What agents may meet in a shop. What they may do stands with the actions."""

from __future__ import annotations

from examples.storefront.models import POSTAL, Customer, Order, Product
from paybill_site.kernel.declarations import ModelTools


class CustomerTools(ModelTools):
    model = Customer
    fields = ("name", "email", *POSTAL, "created_at")
    filters = ("email", "created_at__gte", "created_at__lt")
    ordering = ("name", "created_at")
    search = ("name", "email")


class ProductTools(ModelTools):
    model = Product
    fields = ("name", "description", "active", "created_at")
    filters = ("active",)
    ordering = ("name", "created_at")
    search = ("name", "description")
    parts = {"variants": ("name", "sku", "price_minor", "currency", "stock")}


class OrderTools(ModelTools):
    model = Order
    fields = (
        "customer",
        "state",
        "total_minor",
        "currency",
        "cancel_reason",
        "placed_at",
        *POSTAL,
    )
    filters = (
        "customer",
        "state",
        "state__in",
        "total_minor__gte",
        "total_minor__lte",
        "placed_at__gte",
        "placed_at__lt",
    )
    ordering = ("placed_at", "total_minor")
    parts = {"items": ("variant", "name", "quantity", "price_minor")}
