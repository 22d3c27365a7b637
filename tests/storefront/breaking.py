"""Calls that break the shop's rules, made from the real data: alone and in pairs.

A ``Base`` is a call that is accepted. A ``Break`` changes one value, in the call or in
a row, so that one rule does not hold. Two breaks that change different values make a
pair; it is refused by the rule that is asked first, without the first break by the
other rule, and without both it is the base again.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from examples.storefront.models import (
    Customer,
    Order,
    OrderPayment,
    PaymentMethod,
    Variant,
)
from examples.storefront.replay.folder import Folder
from examples.storefront.replay.rows import cents
from examples.storefront.states import MethodKind, OrderState, PaymentKind

SEED = 20_260
# The documented order (docs/storefront.md): what is asked first stands first.
SWAP = (
    "items_in_order",
    "one_new_item_each",
    "same_product",
    "item_available",
    "other_option",
    "own_payment_method",
    "balance_covers_difference",
)
ASKED: Mapping[str, tuple[str, ...]] = {
    "cancel_pending_order": ("schema", "order_is_pending", "reason_accepted"),
    "modify_order_address": ("schema", "order_is_pending"),
    "modify_order_payment": (
        "schema",
        "order_is_pending",
        "own_payment_method",
        "single_payment",
        "other_payment_method",
        "balance_covers_total",
    ),
    "modify_order_items": ("schema", "once_per_order", "order_is_pending", *SWAP),
    "return_order_items": (
        "schema",
        "order_is_delivered",
        "items_in_order",
        "own_payment_method",
        "original_or_gift_card",
    ),
    "exchange_order_items": ("schema", "once_per_order", "order_is_delivered", *SWAP),
    "modify_customer_address": ("schema",),
}
STARTS = {
    "cancel_pending_order": "start_cancellation",
    "modify_order_address": "start_address_change",
    "modify_order_payment": "start_payment_change",
    "modify_order_items": "start_item_change",
    "return_order_items": "start_item_return",
    "exchange_order_items": "start_item_exchange",
    "modify_customer_address": "start_move",
}
# How many bases of each kind.
WANTED = {
    "cancel_pending_order": 12,
    "modify_order_address": 8,
    "modify_order_payment": 14,
    "modify_order_items": 14,
    "return_order_items": 14,
    "exchange_order_items": 14,
    "modify_customer_address": 4,
}
ADDRESS = {
    "line1": "1 Main Street",
    "line2": "",
    "city": "Denver",
    "region": "CO",
    "postcode": "80279",
    "country": "USA",
}


@dataclass(slots=True)
class World:
    """What a call meets: its arguments and the rows, as stored."""

    arguments: dict[str, Any]
    order: Order | None = None
    card: PaymentMethod | None = None
    names: Mapping[str, Any] = field(default_factory=dict)

    def states(self, state: OrderState) -> None:
        assert self.order is not None
        Order.objects.filter(pk=self.order.pk).update(state=state)


type Change = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Break:
    """One rule broken by one change; ``slots`` are the values that it changes."""

    rule: str
    code: str
    slots: frozenset[str]
    change: Change
    name: str


@dataclass(frozen=True, slots=True)
class Base:
    """A call that is accepted: by whom, on what, with which arguments."""

    tool: str
    customer: str  # key of the user
    subject: str  # key of the order or of the user
    arguments: Mapping[str, Any]
    prepare: Change
    breaks: tuple[Break, ...]

    def broken(self) -> Iterator[tuple[Break, ...]]:
        """Every break alone, then every pair that can be."""
        yield from ((one,) for one in self.breaks)
        for one, other in itertools.combinations(self.breaks, 2):
            if one.rule != other.rule and not one.slots & other.slots:
                yield (one, other)

    def expected(self, breaks: tuple[Break, ...]) -> str:
        """The code of the rule that is asked first."""
        asked = ASKED[self.tool]
        return min(breaks, key=lambda one: asked.index(one.rule)).code


def says(name: str, value: Any) -> Change:
    def change(world: World) -> None:
        world.arguments[name] = value

    return change


def is_in(state: OrderState) -> Change:
    return lambda world: world.states(state)


def states(rule: str, *wrong: OrderState) -> Iterator[Break]:
    for state in wrong:
        yield Break(rule, rule, frozenset({"state"}), is_in(state), state)


def badly(argument: str, *values: Any) -> Iterator[Break]:
    for number, value in enumerate(values):
        yield Break(
            "schema",
            f"schema:{argument}",
            frozenset({argument}),
            says(argument, value),
            f"{argument} {number}",
        )


def lacking(argument: str) -> Break:
    """What is left out is missed, not blanked."""
    return Break(
        "schema",
        f"schema:{argument}",
        frozenset({argument}),
        lambda world: world.arguments.pop(argument),
        f"no {argument}",
    )


PENDING_NOT = (OrderState.PROCESSED, OrderState.DELIVERED, OrderState.CANCELLED)
DELIVERED_NOT = (OrderState.PENDING, OrderState.PROCESSED, OrderState.CANCELLED)


class Maker:
    """Makes bases from a folder's tables, the same ones for the same seed."""

    def __init__(self, folder: Folder) -> None:
        self.tables = folder.tables
        self.chance = random.Random(SEED)  # noqa: S311 - the same again, not secret
        self.items = {
            item: (product, row)
            for product, whole in folder.tables["products"].items()
            for item, row in whole["variants"].items()
        }

    def bases(self) -> Iterator[Base]:
        """The bases of every kind."""
        for tool, wanted in WANTED.items():
            made = getattr(self, f"_{tool}")
            yield from itertools.islice(
                filter(None, map(made, self._keys(tool))), wanted
            )

    def _keys(self, tool: str) -> list[str]:
        if tool == "modify_customer_address":
            keys = list(self.tables["users"])
        else:
            delivered = tool in {"return_order_items", "exchange_order_items"}
            state = "delivered" if delivered else "pending"
            orders = self.tables["orders"].items()
            keys = [key for key, order in orders if order["status"] == state]
        self.chance.shuffle(keys)
        return keys

    def _base(
        self,
        tool: str,
        key: str,
        arguments: Mapping[str, Any],
        breaks: list[Break],
        prepare: Change = lambda world: None,
    ) -> Base:
        order = self.tables["orders"].get(key)
        customer = order["user_id"] if order else key
        return Base(tool, customer, key, arguments, prepare, tuple(breaks))

    def _cancel_pending_order(self, key: str) -> Base:
        reason = self.chance.choice(["no_longer_needed", "ordered_by_mistake"])
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
        return self._base("cancel_pending_order", key, {"reason": reason}, breaks)

    def _modify_order_address(self, key: str) -> Base:
        breaks = [
            *badly("postcode", "", "9" * 21, 80279),
            *badly("country", "", None),
            *badly("planet", "Mars"),
            *(lacking(name) for name in ("line2", "region")),
            *states("order_is_pending", *PENDING_NOT, OrderState.ITEMS_MODIFIED),
        ]
        return self._base("modify_order_address", key, ADDRESS, breaks)

    def _modify_customer_address(self, key: str) -> Base:
        breaks = [
            *badly("postcode", "", "9" * 21, 80279),
            *badly("city", "", None, ["Denver"]),
            *badly("line1", "", "x" * 121),
            *(lacking(name) for name in ("line2", "region")),
            *badly("customer", "cus_00000000000000000000000000"),
        ]
        return self._base("modify_customer_address", key, ADDRESS, breaks)

    def _modify_order_payment(self, key: str) -> Base:
        order = self.tables["orders"][key]
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
            self._foreign_method(order["user_id"]),
            _break("single_payment", "history", paid_twice),
            _break("other_payment_method", "payment_method", same),
            _break("balance_covers_total", "balance", holds(amount - 1)),
        ]
        return self._base("modify_order_payment", key, {}, breaks, card(amount))

    def _foreign_method(self, user: str) -> Break:
        others = [
            method
            for other, row in self.tables["users"].items()
            if other != user
            for method in row["payment_methods"]
        ]
        theirs = self.chance.choice(others)

        def change(world: World) -> None:
            method = PaymentMethod.objects.get(reference=theirs)
            world.arguments["payment_method"] = method.public_id

        return _break("own_payment_method", "payment_method", change)

    def _return_order_items(self, key: str) -> Base:
        order = self.tables["orders"][key]
        items = self._some([item["item_id"] for item in order["items"]])

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
            _break("items_in_order", "items", one_more(len(order["items"]))),
            self._foreign_method(order["user_id"]),
            _break("original_or_gift_card", "payment_method", to_another),
        ]
        original = order["payment_history"][0]["payment_method_id"]

        def prepare(world: World) -> None:
            method = PaymentMethod.objects.get(reference=original)
            world.arguments["payment_method"] = method.public_id
            world.arguments["items"] = variants(items)

        return self._base("return_order_items", key, {}, breaks, prepare)

    def _modify_order_items(self, key: str) -> Base | None:
        gone = states("once_per_order", OrderState.ITEMS_MODIFIED)
        wrong = states("order_is_pending", *PENDING_NOT)
        return self._swap("modify_order_items", key, [*gone, *wrong])

    def _exchange_order_items(self, key: str) -> Base | None:
        gone = states("once_per_order", OrderState.EXCHANGE_REQUESTED)
        wrong = states(
            "order_is_delivered", *DELIVERED_NOT, OrderState.RETURN_REQUESTED
        )
        return self._swap("exchange_order_items", key, [*gone, *wrong])

    def _swap(self, tool: str, key: str, state: list[Break]) -> Base | None:
        order = self.tables["orders"][key]
        items = self._some([item["item_id"] for item in order["items"]])
        new = [self._dearer(item) for item in items]
        if None in new or not self.items[items[-1]][1]["available"]:
            return None
        price = {item: cents(row["price"]) for item, (_, row) in self.items.items()}
        more = sum(price[str(n)] - price[o] for o, n in zip(items, new, strict=True))
        product = self.items[items[0]][0]
        strange = self.chance.choice(
            [
                i
                for i, (p, row) in self.items.items()
                if p != product and row["available"]
            ]
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
            _break("items_in_order", "items", one_more(len(order["items"]))),
            _break("one_new_item_each", "count", too_many),
            _break("same_product", "new_items:0", of_another),
            _break("item_available", "stock" if last else "new_items:0", sold_out),
            _break("other_option", f"new_items:{last}", itself),
            self._foreign_method(order["user_id"]),
            _break("balance_covers_difference", "balance", holds(more - 1)),
        ]

        def prepare(world: World) -> None:
            card(more)(world)
            world.arguments["items"] = variants(items)
            world.arguments["new_items"] = variants([str(one) for one in new])

        return self._base(tool, key, {}, [_wide(one) for one in breaks], prepare)

    def _some(self, items: list[str]) -> list[str]:
        return self.chance.sample(items, self.chance.randint(1, min(3, len(items))))

    def _dearer(self, item: str) -> str | None:
        """An available variant of the same product that costs more."""
        product, row = self.items[item]
        others = self.tables["products"][product]["variants"].values()
        found = [
            other["item_id"]
            for other in others
            if other["available"] and other["price"] > row["price"]
        ]
        return self.chance.choice(found) if found else None


def _break(rule: str, slot: str, change: Change) -> Break:
    return Break(rule, rule, frozenset({slot}), change, "")


def _wide(one: Break) -> Break:
    """A whole list changes each of its places, and how many there are."""
    slots = set(one.slots)
    if one.rule == "schema" and "items" in slots:
        slots |= {"count", "new_items:0", "new_items:1", "new_items:2"}
    if one.rule == "schema" and "new_items" in slots:
        slots |= {"items", "count", "new_items:0", "new_items:1", "new_items:2"}
    if one.rule == "items_in_order":
        slots |= {"new_items"}
    return Break(one.rule, one.code, frozenset(slots), one.change, one.name)


def variants(items: list[str]) -> list[str]:
    known = dict(Variant.objects.filter(sku__in=items).values_list("sku", "public_id"))
    return [known[item] for item in items]


def holds(amount: int) -> Change:
    """The gift card holds just this."""

    def change(world: World) -> None:
        assert world.card is not None
        rows = PaymentMethod.objects.filter(pk=world.card.pk)
        rows.update(balance_minor=amount)

    return change


def card(amount: int) -> Change:
    """The customer pays with a gift card that holds just this."""

    def prepare(world: World) -> None:
        assert world.order is not None
        customer = Customer.objects.get(pk=world.order.customer_id)
        world.card = PaymentMethod.objects.create(
            customer=customer,
            kind=MethodKind.GIFT_CARD,
            balance_minor=amount,
            currency=world.order.currency,
        )
        world.arguments["payment_method"] = world.card.public_id

    return prepare


def one_more(pieces: int) -> Change:
    """The first item so often that no order of so many pieces has it."""

    def change(world: World) -> None:
        arguments = world.arguments
        arguments["items"] = arguments["items"] + arguments["items"][:1] * pieces
        if "new_items" in arguments:
            new = arguments["new_items"]
            arguments["new_items"] = new + new[:1] * pieces

    return change
