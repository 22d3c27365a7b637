"""Puts the tables of a folder into the entered plane's empty shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from examples.storefront.models import (
    Customer,
    Fulfilment,
    Order,
    OrderItem,
    OrderPayment,
    PaymentMethod,
    Product,
    Variant,
)
from examples.storefront.replay.folder import BadFolder
from examples.storefront.replay.rows import cents
from examples.storefront.states import MethodKind, OrderState, PaymentKind

CURRENCY = "USD"
ADDRESS = {
    "address1": "line1",
    "address2": "line2",
    "city": "city",
    "state": "region",
    "zip": "postcode",
    "country": "country",
}
STATES = {
    "pending": OrderState.PENDING,
    "pending (item modified)": OrderState.ITEMS_MODIFIED,
    "processed": OrderState.PROCESSED,
    "delivered": OrderState.DELIVERED,
    "return requested": OrderState.RETURN_REQUESTED,
    "exchange requested": OrderState.EXCHANGE_REQUESTED,
    "cancelled": OrderState.CANCELLED,
}
type Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Ids:
    """Public ids by the folder's own."""

    customers: Mapping[str, str]
    methods: Mapping[str, str]
    products: Mapping[str, str]
    variants: Mapping[str, str]
    orders: Mapping[str, str]


def load(tables: Tables) -> Ids:
    """Insert every row. Raises BadFolder where one does not fit."""
    try:
        return _load(tables)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadFolder(f"db.json: a row does not fit: {error!r}") from error


def _load(tables: Tables) -> Ids:
    customers = _customers(tables["users"])
    methods = _methods(tables["users"], customers)
    products = _products(tables["products"])
    variants = _variants(tables["products"], products)
    orders = _orders(tables["orders"], customers)
    rows = tables["orders"]
    OrderItem.objects.bulk_create(_items(rows, orders, products, variants))
    Fulfilment.objects.bulk_create(_parcels(rows, orders))
    OrderPayment.objects.bulk_create(_payments(rows, orders, methods))
    kinds = (customers, methods, products, variants, orders)
    return Ids(*({key: row.public_id for key, row in kind.items()} for kind in kinds))


def _stored[M](model: Any, rows: Mapping[str, M]) -> dict[str, M]:
    return dict(zip(rows, model.objects.bulk_create(rows.values()), strict=True))


def _address(row: Mapping[str, str]) -> dict[str, str]:
    return {ADDRESS[name]: value for name, value in row.items()}


def _customers(users: Mapping[str, Any]) -> dict[str, Customer]:
    made = {}
    for key, user in users.items():
        first, last = user["name"]["first_name"], user["name"]["last_name"]
        made[key] = Customer(
            reference=user["user_id"],
            first_name=first,
            last_name=last,
            name=f"{first} {last}",
            email=user["email"],
            **_address(user["address"]),
        )
    return _stored(Customer, made)


def _methods(
    users: Mapping[str, Any], customers: Mapping[str, Customer]
) -> dict[str, PaymentMethod]:
    made = {}
    for key, user in users.items():
        for method in user["payment_methods"].values():
            kind = MethodKind(method["source"])
            is_card = kind is MethodKind.GIFT_CARD
            made[method["id"]] = PaymentMethod(
                customer=customers[key],
                reference=method["id"],
                kind=kind,
                brand=method.get("brand", ""),
                last_four=method.get("last_four", ""),
                balance_minor=cents(method["balance"]) if is_card else None,
                currency=CURRENCY if is_card else "",
            )
    return _stored(PaymentMethod, made)


def _products(products: Mapping[str, Any]) -> dict[str, Product]:
    made = {
        key: Product(reference=row["product_id"], name=row["name"])
        for key, row in products.items()
    }
    return _stored(Product, made)


def _variants(
    products: Mapping[str, Any], stored: Mapping[str, Product]
) -> dict[str, Variant]:
    made = {
        key: Variant(
            product=stored[product],
            sku=row["item_id"],
            name="",
            options=row["options"],
            available=row["available"],
            price_minor=cents(row["price"]),
            currency=CURRENCY,
            stock=None,
        )
        for product, whole in products.items()
        for key, row in whole["variants"].items()
    }
    return _stored(Variant, made)


def _orders(
    orders: Mapping[str, Any], customers: Mapping[str, Customer]
) -> dict[str, Order]:
    made = {
        key: Order(
            number=row["order_id"],
            customer=customers[row["user_id"]],
            state=STATES[row["status"]],
            currency=CURRENCY,
            total_minor=sum(cents(item["price"]) for item in row["items"]),
            **_address(row["address"]),
        )
        for key, row in orders.items()
    }
    return _stored(Order, made)


def _items(
    orders: Mapping[str, Any],
    stored: Mapping[str, Order],
    products: Mapping[str, Product],
    variants: Mapping[str, Variant],
) -> Iterator[OrderItem]:
    for key, row in orders.items():
        for item in row["items"]:
            yield OrderItem(
                order=stored[key],
                variant=variants[item["item_id"]],
                product=products[item["product_id"]],
                name=item["name"],
                options=item["options"],
                price_minor=cents(item["price"]),
                quantity=1,
            )


def _parcels(
    orders: Mapping[str, Any], stored: Mapping[str, Order]
) -> Iterator[Fulfilment]:
    for key, row in orders.items():
        for parcel in row["fulfillments"]:
            yield Fulfilment(
                order=stored[key],
                tracking=parcel["tracking_id"],
                items=parcel["item_ids"],
            )


def _payments(
    orders: Mapping[str, Any],
    stored: Mapping[str, Order],
    methods: Mapping[str, PaymentMethod],
) -> Iterator[OrderPayment]:
    for key, row in orders.items():
        for payment in row["payment_history"]:
            yield OrderPayment(
                order=stored[key],
                kind=PaymentKind(payment["transaction_type"]),
                amount_minor=cents(payment["amount"]),
                method=methods[payment["payment_method_id"]],
            )
