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
    AddPaymentMethod,
    AddProduct,
    AddVariant,
    CancelOrder,
    CancelPendingOrder,
    DeliverOrder,
    DispatchOrder,
    ExchangeOrderItems,
    ModifyCustomerAddress,
    ModifyOrderAddress,
    ModifyOrderItems,
    ModifyOrderPayment,
    PlaceOrder,
    ReceiveReturn,
    RefundOrder,
    RefundReturn,
    ReturnOrderItems,
    SetShopPolicy,
)
from examples.storefront.models import (
    Customer,
    Fulfilment,
    Order,
    OrderItem,
    OrderPayment,
    PaymentMethod,
    Product,
    Refund,
    ShopPolicy,
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
        "its_options",
        "price",
        "available",
        "stock",
    )

    @admin.display(description="Options")
    def its_options(self, obj: Variant) -> str:
        return options(obj)

    @admin.display(description="Price")
    def price(self, obj: Variant) -> SafeString:
        return money(obj.price_minor, obj.currency)


class ItemRows(Rows):
    model = OrderItem
    fields = readonly_fields = ("item", "name", "its_options", "quantity", "price")

    @admin.display(description="Variant")
    def item(self, obj: OrderItem) -> str:
        return obj.variant.public_id  # what verbs on items ask for

    @admin.display(description="Options")
    def its_options(self, obj: OrderItem) -> str:
        return options(obj)

    @admin.display(description="Unit price")
    def price(self, obj: OrderItem) -> SafeString:
        return money(obj.price_minor, obj.order.currency)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[OrderItem]:
        rows = super().get_queryset(request)
        return rows.select_related("variant", "order")


class PaymentRows(Rows):
    model = OrderPayment
    fields = readonly_fields = ("kind", "amount", "method", "created_at")

    @admin.display(description="Amount")
    def amount(self, obj: OrderPayment) -> SafeString:
        return money(obj.amount_minor, obj.order.currency)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[OrderPayment]:
        return super().get_queryset(request).select_related("order", "method")


class ParcelRows(Rows):
    model = Fulfilment
    verbose_name_plural = "parcels"
    fields = readonly_fields = ("numbers", "pieces", "created_at")

    @admin.display(description="Tracking")
    def numbers(self, obj: Fulfilment) -> str:
        return ", ".join(obj.tracking) or "-"

    @admin.display(description="Items")
    def pieces(self, obj: Fulfilment) -> str:
        return ", ".join(obj.items)


class MethodRows(Rows):
    model = PaymentMethod
    fields = readonly_fields = ("public_id", "kind", "brand", "last_four", "balance")

    @admin.display(description="Balance")
    def balance(self, obj: PaymentMethod) -> SafeString | str:
        if obj.balance_minor is None:
            return "-"
        return money(obj.balance_minor, obj.currency)


class RefundRows(Rows):
    model = Refund
    fields = readonly_fields = ("public_id", "amount_minor", "reason", "created_at")


def options(row: Variant | OrderItem) -> str:
    """ "size M, color blue", or a dash."""
    return ", ".join(f"{name} {value}" for name, value in row.options.items()) or "-"


@tenant_admins.register(Customer)
class CustomerAdmin(VerbAdmin[Customer]):
    """Who buys here."""

    list_display = ("name", "email", "city", "country", "created_at")
    search_fields = ("name", "email", "public_id", "reference")
    inlines = (MethodRows,)
    creator = AddCustomer
    verbs = (ModifyCustomerAddress, AddPaymentMethod)


@tenant_admins.register(Product)
class ProductAdmin(VerbAdmin[Product]):
    """What is sold, in which variants."""

    list_display = ("name", "active", "created_at")
    list_filter = ("active",)
    search_fields = ("name", "public_id", "variants__sku")
    inlines = (VariantRows,)
    creator = AddProduct
    verbs = (AddVariant,)


@tenant_admins.register(Order)
class OrderAdmin(VerbAdmin[Order]):
    """What was ordered, and how far it got."""

    list_display = ("number", "customer", "state_badge", "total", "placed_at")
    list_filter = ("state",)
    list_select_related = ("customer",)
    search_fields = ("number", "public_id", "customer__name", "customer__email")
    inlines = (ItemRows, PaymentRows, ParcelRows, RefundRows)
    creator = PlaceOrder
    verbs = (
        DispatchOrder,
        DeliverOrder,
        CancelOrder,
        CancelPendingOrder,
        ModifyOrderAddress,
        ModifyOrderPayment,
        ModifyOrderItems,
        ReturnOrderItems,
        ExchangeOrderItems,
        RefundOrder,
        ReceiveReturn,
        RefundReturn,
    )
    bulk_verbs = (DispatchOrder, DeliverOrder)

    @admin.display(description="Total", ordering="total_minor")
    def total(self, obj: Order) -> SafeString:
        return money(obj.total_minor, obj.currency)

    def related(self, obj: Order) -> Iterable[tuple[str, models.Model | str | None]]:
        return [("customer", obj.customer)]


@tenant_admins.register(ShopPolicy)
class ShopPolicyAdmin(VerbAdmin[ShopPolicy]):
    """What the written policy leaves to the shop; adding one changes the one."""

    list_display = ("public_id", "same_item", "books")
    creator = SetShopPolicy
