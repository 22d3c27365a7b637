"""A small shop to look at: customers, products and orders in every state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from examples.storefront.actions import (
    AddCustomer,
    AddPaymentMethod,
    AddProduct,
    AddVariant,
    CancelOrder,
    DeliverOrder,
    DispatchOrder,
    PlaceOrder,
)
from examples.storefront.models import Customer, Order, PaymentMethod, Product, Variant
from examples.storefront.states import OrderState
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import system
from paybill_site.kernel.errors import KeyReused
from paybill_site.kernel.models import IdempotencyKey

SEED = system(
    "storefront.seed",
    *(
        f"storefront.view_{name}"
        for name in ("customer", "product", "variant", "order")
    ),
    *(
        f"storefront.add_{name}"
        for name in ("customer", "paymentmethod", "product", "variant", "order")
    ),
    *(f"storefront.{verb}_order" for verb in ("cancel", "dispatch", "deliver")),
)

CUSTOMERS: tuple[Mapping[str, str], ...] = (
    {"name": "Ada Lindqvist", "email": "ada@example.com", "line1": "Kungsgatan 4",
     "city": "Uppsala", "postcode": "753 21", "country": "SE"},
    {"name": "Bram de Wit", "email": "bram@example.com", "line1": "Oudegracht 112",
     "city": "Utrecht", "postcode": "3511 AX", "country": "NL"},
    {"name": "Chiara Russo", "email": "chiara@example.com", "line1": "Via Po 31",
     "city": "Torino", "postcode": "10124", "country": "IT"},
)  # fmt: skip
PRODUCTS: tuple[Mapping[str, Any], ...] = (
    {"name": "Desk lamp", "sku": "LAMP-01", "price_minor": 4_900, "stock": 40,
     "description": "Warm light, one switch."},
    {"name": "Notebook", "sku": "NOTE-A5", "price_minor": 850, "stock": 500,
     "description": "A5, 192 pages, opens flat."},
    {"name": "Travel mug", "sku": "MUG-35", "price_minor": 2_450, "stock": 120,
     "description": "0.35 litres, does not leak."},
)  # fmt: skip
# What a customer pays with, and one more variant of a product.
METHODS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("ada@example.com", {"kind": "credit_card", "brand": "visa", "last_four": "4242"}),
    ("ada@example.com",
     {"kind": "gift_card", "balance_minor": 5_000, "currency": "EUR"}),
    ("chiara@example.com", {"kind": "paypal"}),
)  # fmt: skip
VARIANTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("Travel mug", {"name": "Blue", "sku": "MUG-35-BLUE", "price_minor": 2_650,
                    "options": {"colour": "blue"}, "stock": 60}),
)  # fmt: skip
# What Ada's first order was paid with.
PAID = {1: "credit_card"}
# Which customer bought how many of what, and how far the order got.
ORDERS = (
    ("ada@example.com", {"LAMP-01": 1, "NOTE-A5": 3}, OrderState.DELIVERED),
    ("bram@example.com", {"MUG-35": 2}, OrderState.PROCESSED),
    ("chiara@example.com", {"NOTE-A5": 10}, OrderState.PENDING),
    ("ada@example.com", {"MUG-35": 1}, OrderState.PENDING),
    ("bram@example.com", {"LAMP-01": 1}, OrderState.CANCELLED),
)


def seed_storefront() -> list[Order]:
    """Fill the shop of the entered plane and return its orders; repeatable.

    The idempotency keys name what is seeded, so a second run returns the same rows.
    """
    for number, customer in enumerate(CUSTOMERS, start=1):
        # Not the address: keys stand in the audit trail, which is never erased.
        key = f"seed:customer:{number}"
        perform(AddCustomer, None, customer, actor=SEED, key=key)
    for known in PRODUCTS:
        perform(AddProduct, None, known, actor=SEED, key=f"seed:{known['sku']}")
    for number, (email, method) in enumerate(METHODS, start=1):
        owner = Customer.objects.get(email=email)
        perform(AddPaymentMethod, owner, method, actor=SEED, key=f"seed:pay:{number}")
    for name, variant in VARIANTS:
        product = Product.objects.get(name=name)
        perform(AddVariant, product, variant, actor=SEED, key=f"seed:{variant['sku']}")
    return [_order(number, *order) for number, order in enumerate(ORDERS, start=1)]


def _order(
    number: int, email: str, bought: Mapping[str, int], state: OrderState
) -> Order:
    variants = dict(Variant.objects.values_list("sku", "public_id"))
    customer = Customer.objects.get(email=email)
    data = {
        "customer": customer.public_id,
        "payment_method": _pays(customer, PAID.get(number, "")),
        "lines": [
            {"variant": variants[sku], "quantity": quantity}
            for sku, quantity in bought.items()
        ],
    }
    key = f"seed:order:{number}"
    order = _placed(data, key)
    if state is OrderState.CANCELLED:
        reason = {"reason": "ordered_by_mistake"}
        perform(CancelOrder, order, reason, actor=SEED, key=f"{key}:cancel")
    if state in {OrderState.PROCESSED, OrderState.DELIVERED}:
        perform(DispatchOrder, order, actor=SEED, key=f"{key}:dispatch")
    if state is OrderState.DELIVERED:
        perform(DeliverOrder, order, actor=SEED, key=f"{key}:deliver")
    order.refresh_from_db()
    return order


def _pays(customer: Customer, kind: str) -> str:
    found = PaymentMethod.objects.filter(customer=customer, kind=kind).first()
    return found.public_id if found else ""


def _placed(data: Mapping[str, Any], key: str) -> Order:
    """The order of this key, also where an older version asked in other words."""
    try:
        order: Order = perform(PlaceOrder, None, data, actor=SEED, key=key).result
    except KeyReused:
        earlier = IdempotencyKey.objects.get(principal=SEED.id, key=key)
        return Order.objects.get(public_id=earlier.output["id"])
    return order
