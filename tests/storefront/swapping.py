"""Changes and exchanges of items that are accepted, and what breaks them."""

from __future__ import annotations

from examples.storefront.models import Variant
from examples.storefront.replay.rows import cents
from examples.storefront.states import OrderState
from tests.storefront.breaking import (
    DELIVERED_NOT,
    PENDING_NOT,
    Base,
    Break,
    World,
    badly,
    card,
    holds,
    one_more,
    states,
    variants,
)
from tests.storefront.data import Data


def modify_order_items(data: Data, key: str) -> Base | None:
    gone = states("once_per_order", OrderState.ITEMS_MODIFIED)
    wrong = states("order_is_pending", *PENDING_NOT)
    return _swap(data, "modify_order_items", key, [*gone, *wrong])


def exchange_order_items(data: Data, key: str) -> Base | None:
    gone = states("once_per_order", OrderState.EXCHANGE_REQUESTED)
    wrong = states("order_is_delivered", *DELIVERED_NOT, OrderState.RETURN_REQUESTED)
    return _swap(data, "exchange_order_items", key, [*gone, *wrong])


def _swap(data: Data, tool: str, key: str, state: list[Break]) -> Base | None:
    order = data.tables["orders"][key]
    items = data.some([item["item_id"] for item in order["items"]])
    new = [data.dearer(item) for item in items]
    if None in new or not data.items[items[-1]][1]["available"]:
        return None
    price = {item: cents(row["price"]) for item, (_, row) in data.items.items()}
    more = sum(price[str(n)] - price[o] for o, n in zip(items, new, strict=True))
    product = data.items[items[0]][0]
    strange = data.chance.choice(
        [i for i, (p, row) in data.items.items() if p != product and row["available"]]
    )
    last = len(items) - 1

    def sold_out(world: World) -> None:
        rows = Variant.objects.filter(sku=new[0])
        rows.update(available=False)

    def too_many(world: World) -> None:
        world.arguments["new_items"].append(world.arguments["new_items"][-1])

    def of_another(world: World) -> None:
        world.arguments["new_items"][0] = variants([strange])[0]

    def itself(world: World) -> None:
        world.arguments["new_items"][last] = world.arguments["items"][last]

    breaks = [
        *badly("items", [], "all", None),
        *badly("new_items", [], [7]),
        *badly("payment_method", "credit_card", None),
        *badly("price_minor", 1),
        *state,
        Break.of("items_in_order", one_more(len(order["items"])), "items"),
        Break.of("one_new_item_each", too_many, "count"),
        Break.of("same_product", of_another, "new_items:0"),
        Break.of(
            "item_available", sold_out, "stock", *(() if last else ("new_items:0",))
        ),
        Break.of("other_option", itself, f"new_items:{last}"),
        data.foreign_method(order["user_id"]),
        Break.of("balance_covers_difference", holds(more - 1), "balance"),
    ]

    def prepare(world: World) -> None:
        card(more)(world)
        world.arguments["items"] = variants(items)
        world.arguments["new_items"] = variants([str(one) for one in new])

    return data.base(tool, key, {}, [one.wide() for one in breaks], prepare)
