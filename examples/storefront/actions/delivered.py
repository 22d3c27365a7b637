"""What a customer may ask for when an order has arrived: to return, to exchange.

Nothing moves yet: the order notes what is to come back, and the customer gets a letter.
What is promised counts as money that moves all the same: limits hold the promise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import Field

from examples.storefront import events, rules
from examples.storefront.actions.orders import machine
from examples.storefront.actions.pending import (
    MOST,
    MethodId,
    SwapInput,
    VariantId,
)
from examples.storefront.models import Order, Variant
from examples.storefront.states import OrderState
from paybill_site.kernel import acts
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import emit

DELIVERED = frozenset({OrderState.DELIVERED})


class ReturnInput(Input):
    items: tuple[VariantId, ...] = Field(
        min_length=1,
        max_length=MOST,
        title="Items",
        description="public ids of variants in the order, one entry per piece",
    )
    payment_method: MethodId = Field(
        title="Payment method",
        description="what paid for the order, or a gift card; public id",
    )


class ReturnOrderItems(Action[Order, ReturnInput, Order]):
    """Take items of a delivered order back, for a refund.

    Once per order: name all items that are to be returned.
    """

    model = Order
    Input = ReturnInput
    permission = "storefront.return_order_items"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = frozenset(
        {
            "storefront.order.state",
            "storefront.order.return_items",
            "storefront.order.return_method_id",
        }
    )
    emits = (events.ReturnRequested,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = DELIVERED

    def run(self, order: Order, data: ReturnInput, *, actor: Actor) -> Order:
        case = rules.follow(rules.RETURN, order, data, actor)
        old = {name: line.variant for name, line in case.old.items()}
        worth = sum(case.old[name].price_minor for name in data.items)
        acts.spend(worth, order.currency)
        order.return_items = _numbers(old[name] for name in data.items)
        order.return_method = case.method
        order.save(update_fields=["return_items", "return_method"])
        machine.move(order, OrderState.RETURN_REQUESTED)
        emit(events.ReturnRequested(order=order.public_id))
        return order


class ExchangeOrderItems(Action[Order, SwapInput, Order]):
    """Exchange items of a delivered order for other variants of the same products.

    Once per order: name all items that are to be exchanged.
    """

    model = Order
    Input = SwapInput
    permission = "storefront.exchange_order_items"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = frozenset(
        {
            "storefront.order.state",
            "storefront.order.exchange_items",
            "storefront.order.exchange_new_items",
            "storefront.order.exchange_method_id",
            "storefront.order.exchange_difference_minor",
        }
    )
    emits = (events.ExchangeRequested,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = DELIVERED

    def run(self, order: Order, data: SwapInput, *, actor: Actor) -> Order:
        case = rules.follow(rules.EXCHANGE, order, data, actor)
        order.exchange_items = _numbers(line.variant for line, _ in case.pairs)
        order.exchange_new_items = _numbers(new for _, new in case.pairs)
        order.exchange_method = case.method
        order.exchange_difference_minor = case.difference_minor
        acts.spend(case.difference_minor, order.currency)
        order.save(
            update_fields=[
                "exchange_items",
                "exchange_new_items",
                "exchange_method",
                "exchange_difference_minor",
            ]
        )
        machine.move(order, OrderState.EXCHANGE_REQUESTED)
        emit(events.ExchangeRequested(order=order.public_id))
        return order


def _numbers(variants: Iterable[Variant]) -> list[str]:
    """Article numbers, one per piece, in their own order: people compare lists."""
    return sorted(variant.sku for variant in variants)
