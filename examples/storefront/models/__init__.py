"""A shop: customers, products with variants, orders with items, payments, parcels.

Money is an integer number of minor units (cents) beside its currency (ISO 4217).
"""

from __future__ import annotations

from examples.storefront.models.customers import (
    POSTAL,
    Customer,
    CustomerGroupPermission,
    CustomerUserPermission,
    PaymentMethod,
    Postal,
)
from examples.storefront.models.money import OrderPayment, Refund
from examples.storefront.models.orders import (
    Fulfilment,
    Order,
    OrderGroupPermission,
    OrderItem,
    OrderUserPermission,
    order_number,
)
from examples.storefront.models.products import (
    Product,
    ProductGroupPermission,
    ProductUserPermission,
    Variant,
)
from examples.storefront.models.shop import ShopPolicy

__all__ = [
    "POSTAL",
    "Customer",
    "CustomerGroupPermission",
    "CustomerUserPermission",
    "Fulfilment",
    "Order",
    "OrderGroupPermission",
    "OrderItem",
    "OrderPayment",
    "OrderUserPermission",
    "PaymentMethod",
    "Postal",
    "Product",
    "ProductGroupPermission",
    "ProductUserPermission",
    "Refund",
    "ShopPolicy",
    "Variant",
    "order_number",
]
