"""What agents may meet in a shop. What they may do stands with the actions."""

from __future__ import annotations

from pydantic import RootModel

from examples.storefront.models import POSTAL, Customer, Order, Product, Variant
from paybill_site.kernel.declarations import ModelTools


class Options(RootModel[dict[str, str]]):
    """Such as size and colour, by name."""


class Numbers(RootModel[tuple[str, ...]]):
    """One entry for each piece."""


class CustomerTools(ModelTools):
    model = Customer
    fields = (
        "reference",
        "name",
        "first_name",
        "last_name",
        "email",
        *POSTAL,
        "created_at",
    )
    filters = (
        "reference",
        "email",
        "first_name",
        "last_name",
        "postcode",
        "created_at__gte",
        "created_at__lt",
    )
    ordering = ("name", "created_at")
    search = ("name", "email")
    sensitive = ("name", "first_name", "last_name", "email", *POSTAL)
    parts = {
        "payment_methods": (
            "reference",
            "kind",
            "brand",
            "last_four",
            "balance_minor",
            "currency",
        )
    }


class ProductTools(ModelTools):
    model = Product
    fields = ("reference", "name", "description", "active", "created_at")
    filters = ("reference", "name", "active")
    ordering = ("name", "created_at")
    search = ("name", "description")
    writable = ("description", "active")
    typed = {"variants.options": Options}
    parts = {
        "variants": (
            "name",
            "sku",
            "options",
            "available",
            "price_minor",
            "currency",
            "stock",
        )
    }


class VariantTools(ModelTools):
    model = Variant
    fields = (
        "product",
        "name",
        "sku",
        "options",
        "available",
        "price_minor",
        "currency",
        "stock",
    )
    filters = ("product", "sku", "available")
    typed = {"options": Options}
    ordering = ("sku", "price_minor")


class OrderTools(ModelTools):
    model = Order
    fields = (
        "number",
        "customer",
        "state",
        "total_minor",
        "currency",
        "cancel_reason",
        "return_items",
        "return_method",
        "exchange_items",
        "exchange_new_items",
        "exchange_method",
        "exchange_difference_minor",
        "placed_at",
        *POSTAL,
    )
    filters = (
        "number",
        "customer",
        "state",
        "state__in",
        "total_minor__gte",
        "total_minor__lte",
        "placed_at__gte",
        "placed_at__lt",
    )
    ordering = ("placed_at", "total_minor")
    sensitive = POSTAL
    typed = {
        "return_items": Numbers,
        "exchange_items": Numbers,
        "exchange_new_items": Numbers,
        "items.options": Options,
        "fulfilments.tracking": Numbers,
        "fulfilments.items": Numbers,
    }
    parts = {
        "items": ("variant", "product", "name", "options", "quantity", "price_minor"),
        "payments": ("kind", "amount_minor", "method", "created_at"),
        "fulfilments": ("tracking", "items", "created_at"),
    }
