"""The shop of the entered plane in the folder's form, whole or only some rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from examples.storefront.models import Customer, Order, PaymentMethod, Product
from examples.storefront.replay.loading import ADDRESS, STATES
from examples.storefront.replay.rows import amount
from examples.storefront.states import CancelReason

NAMES = {str(state): name for name, state in STATES.items()}
type Keys = Collection[str] | None


def export(table: str, keys: Keys = None) -> dict[str, Any]:
    """The rows of one table by key; those of ``keys``, or all."""
    return EXPORTS[table](keys)


def _address(row: Any) -> dict[str, str]:
    return {theirs: getattr(row, ours) for theirs, ours in ADDRESS.items()}


def _users(keys: Keys) -> dict[str, Any]:
    rows = Customer.objects.prefetch_related("payment_methods", "orders")
    if keys is not None:
        rows = rows.filter(reference__in=keys)
    return {
        str(row.reference): {
            "user_id": row.reference,
            "name": {"first_name": row.first_name, "last_name": row.last_name},
            "address": _address(row),
            "email": row.email,
            "payment_methods": {
                str(m.reference): _method(m) for m in row.payment_methods.all()
            },
            "orders": [
                order.number for order in sorted(row.orders.all(), key=lambda o: o.pk)
            ],
        }
        for row in rows.order_by("pk")
    }


def _method(method: PaymentMethod) -> dict[str, Any]:
    shown: dict[str, Any] = {"source": method.kind, "id": method.reference}
    if method.is_gift_card:
        shown["balance"] = amount(method.balance_minor)
    if method.brand or method.last_four:
        shown |= {"brand": method.brand, "last_four": method.last_four}
    return shown


def _products(keys: Keys) -> dict[str, Any]:
    rows = Product.objects.prefetch_related("variants")
    if keys is not None:
        rows = rows.filter(reference__in=keys)
    return {
        str(row.reference): {
            "name": row.name,
            "product_id": row.reference,
            "variants": {
                variant.sku: {
                    "item_id": variant.sku,
                    "options": variant.options,
                    "available": variant.available,
                    "price": amount(variant.price_minor),
                }
                for variant in row.variants.all()
            },
        }
        for row in rows.order_by("pk")
    }


def _orders(keys: Keys) -> dict[str, Any]:
    rows = Order.objects.select_related(
        "customer", "return_method", "exchange_method"
    ).prefetch_related(
        "items__variant", "items__product", "fulfilments", "payments__method"
    )
    if keys is not None:
        rows = rows.filter(number__in=keys)
    return {row.number: _order(row) for row in rows.order_by("pk")}


def _order(row: Order) -> dict[str, Any]:
    return {
        "order_id": row.number,
        "user_id": row.customer.reference,
        "address": _address(row),
        "items": [
            {
                "name": line.name,
                "product_id": line.product.reference,
                "item_id": line.variant.sku,
                "price": amount(line.price_minor),
                "options": line.options,
            }
            for line in row.items.all()
            for _ in range(line.quantity)
        ],
        "status": NAMES[row.state],
        "fulfillments": [
            {"tracking_id": parcel.tracking, "item_ids": parcel.items}
            for parcel in row.fulfilments.all()
        ],
        "payment_history": [
            {
                "transaction_type": payment.kind,
                "amount": amount(payment.amount_minor),
                "payment_method_id": payment.method and payment.method.reference,
            }
            for payment in row.payments.all()
        ],
        "cancel_reason": _reason(row.cancel_reason),
        "exchange_items": row.exchange_items,
        "exchange_new_items": row.exchange_new_items,
        "exchange_payment_method_id": row.exchange_method
        and row.exchange_method.reference,
        "exchange_price_difference": amount(row.exchange_difference_minor),
        "return_items": row.return_items,
        "return_payment_method_id": row.return_method and row.return_method.reference,
    }


def _reason(reason: str) -> str | None:
    return CancelReason(reason).value.replace("_", " ") if reason else None


EXPORTS: Mapping[str, Callable[[Keys], dict[str, Any]]] = {
    "users": _users,
    "products": _products,
    "orders": _orders,
}
