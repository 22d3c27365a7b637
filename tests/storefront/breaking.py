"""Calls that break the shop's rules, made from the real data: alone and in pairs.

A ``Base`` is a call that is accepted. A ``Break`` changes one value, in the call or in
a row, so that one rule does not hold. Two breaks that change different values make a
pair; it is refused by the rule that is asked first, without the first break by the
other rule, and without both it is the base again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from examples.storefront.models import (
    Customer,
    Order,
    PaymentMethod,
    Variant,
)
from examples.storefront.states import MethodKind, OrderState

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


# The values that are changed in rows; all others are in the call.
ROWS = frozenset({"state", "history", "balance", "stock", "methods"})
PLACES = ("new_items:0", "new_items:1", "new_items:2")

type Change = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Break:
    """One rule broken by one change; ``slots`` are the values that it changes."""

    rule: str
    code: str
    slots: frozenset[str]
    change: Change
    name: str

    @classmethod
    def of(cls, rule: str, change: Change, *slots: str) -> Break:
        """The only break of its rule: it has the rule's own code."""
        return cls(rule, rule, frozenset(slots), change, "")

    @property
    def in_rows(self) -> bool:
        """Whether rows are changed, and not the call alone."""
        return not self.slots.isdisjoint(ROWS)

    def wide(self) -> Break:
        """A whole list changes each of its places, and how many there are."""
        slots = set(self.slots)
        if self.rule == "schema" and "items" in slots:
            slots |= {"count", *PLACES}
        if self.rule == "schema" and "new_items" in slots:
            slots |= {"items", "count", *PLACES}
        if self.rule == "items_in_order":
            slots |= {"new_items"}
        return replace(self, slots=frozenset(slots))


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
