"""Calls that are accepted, of every kind, each with all that breaks it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

from examples.storefront.models import OrderPayment, PaymentMethod
from examples.storefront.replay.folder import Folder
from examples.storefront.replay.rows import cents
from examples.storefront.states import MethodKind, OrderState, PaymentKind
from tests.storefront.breaking import (
    DELIVERED_NOT,
    PENDING_NOT,
    Base,
    Break,
    World,
    badly,
    card,
    holds,
    lacking,
    one_more,
    says,
    states,
    variants,
)
from tests.storefront.data import Data
from tests.storefront.swapping import exchange_order_items, modify_order_items

STARTS = {
    "cancel_pending_order": "start_cancellation",
    "modify_order_address": "start_address_change",
    "modify_order_payment": "start_payment_change",
    "modify_order_items": "start_item_change",
    "return_order_items": "start_item_return",
    "exchange_order_items": "start_item_exchange",
    "modify_customer_address": "start_move",
}
ADDRESS = {
    "line1": "1 Main Street",
    "line2": "",
    "city": "Denver",
    "region": "CO",
    "postcode": "80279",
    "country": "USA",
}


def cancel_pending_order(data: Data, key: str) -> Base:
    reason = data.chance.choice(["no_longer_needed", "ordered_by_mistake"])
    other = Break(
        "reason_accepted",
        "reason_accepted",
        frozenset({"reason"}),
        says("reason", "out_of_stock"),
        "the shop's own",
    )
    breaks = [
        *badly("reason", "found it cheaper", "", None, 1),
        *badly("customer", "cus_00000000000000000000000000"),
        *states("order_is_pending", *PENDING_NOT, OrderState.ITEMS_MODIFIED),
        other,
    ]
    return data.base("cancel_pending_order", key, {"reason": reason}, breaks)


def modify_order_address(data: Data, key: str) -> Base:
    breaks = [
        *badly("postcode", "", "9" * 21, 80279),
        *badly("country", "", None),
        *badly("planet", "Mars"),
        *(lacking(name) for name in ("line2", "region")),
        *states("order_is_pending", *PENDING_NOT, OrderState.ITEMS_MODIFIED),
    ]
    return data.base("modify_order_address", key, ADDRESS, breaks)


def modify_customer_address(data: Data, key: str) -> Base:
    breaks = [
        *badly("postcode", "", "9" * 21, 80279),
        *badly("city", "", None, ["Denver"]),
        *badly("line1", "", "x" * 121),
        *(lacking(name) for name in ("line2", "region")),
        *badly("customer", "cus_00000000000000000000000000"),
    ]
    return data.base("modify_customer_address", key, ADDRESS, breaks)


def modify_order_payment(data: Data, key: str) -> Base:
    order = data.tables["orders"][key]
    amount = cents(order["payment_history"][0]["amount"])

    def paid_twice(world: World) -> None:
        first = OrderPayment.objects.get(order=world.order)
        OrderPayment.objects.create(
            order=first.order,
            kind=PaymentKind.PAYMENT,
            amount_minor=1,
            method=first.method,
        )

    def same(world: World) -> None:
        first = OrderPayment.objects.filter(order=world.order).order_by("pk")[0]
        assert first.method is not None
        world.arguments["payment_method"] = first.method.public_id

    breaks = [
        *badly("payment_method", "gift_card_1", ["pay"], None),
        *badly("amount_minor", 1),
        *states("order_is_pending", *PENDING_NOT, OrderState.ITEMS_MODIFIED),
        data.foreign_method(order["user_id"]),
        Break.of("single_payment", paid_twice, "history"),
        Break.of("other_payment_method", same, "payment_method"),
        Break.of("balance_covers_total", holds(amount - 1), "balance"),
    ]
    return data.base("modify_order_payment", key, {}, breaks, card(amount))


def return_order_items(data: Data, key: str) -> Base:
    order = data.tables["orders"][key]
    items = data.some([item["item_id"] for item in order["items"]])

    def to_another(world: World) -> None:
        assert world.order is not None
        method = PaymentMethod.objects.create(
            customer=world.order.customer, kind=MethodKind.PAYPAL
        )
        world.arguments["payment_method"] = method.public_id

    breaks = [
        *badly("items", [], "all", [1], None),
        *badly("payment_method", "original", None),
        *badly("amount_minor", 1),
        *states("order_is_delivered", *DELIVERED_NOT, OrderState.RETURN_REQUESTED),
        Break.of("items_in_order", one_more(len(order["items"])), "items"),
        data.foreign_method(order["user_id"]),
        Break.of("original_or_gift_card", to_another, "payment_method", "methods"),
    ]
    original = order["payment_history"][0]["payment_method_id"]

    def prepare(world: World) -> None:
        method = PaymentMethod.objects.get(reference=original)
        world.arguments["payment_method"] = method.public_id
        world.arguments["items"] = variants(items)

    return data.base("return_order_items", key, {}, breaks, prepare)


type Make = Callable[[Data, str], Base | None]
# How a base of each kind is made, and how many.
KINDS: Mapping[str, tuple[Make, int]] = {
    "cancel_pending_order": (cancel_pending_order, 12),
    "modify_order_address": (modify_order_address, 8),
    "modify_order_payment": (modify_order_payment, 12),
    "modify_order_items": (modify_order_items, 10),
    "return_order_items": (return_order_items, 14),
    "exchange_order_items": (exchange_order_items, 10),
    "modify_customer_address": (modify_customer_address, 4),
}


def every_base(folder: Folder) -> Iterator[Base]:
    """The bases of every kind, the same ones each time."""
    data = Data(folder)
    for tool, (make, wanted) in KINDS.items():
        made = (make(data, key) for key in data.keys(tool))
        yield from itertools.islice(filter(None, made), wanted)
