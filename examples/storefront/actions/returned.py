"""What becomes of a return: it comes back and is refunded, or it is taken back.

A return that was asked for goes on by a person who has the items in hand. What was done
can be undone up to the refund: items go to the customer again, and the order is as it
was when it was delivered.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from examples.storefront import errors, events, ledger, shelves
from examples.storefront.actions.orders import Bought, machine, note_refund
from examples.storefront.models import Order, OrderItem
from examples.storefront.states import OrderState
from paybill_site.kernel.actions import Action, Danger, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import emit


class ReceiveReturn(Action[Order, NoInput, Order]):
    """Note that the items of a return are here; they go back into stock."""

    model = Order
    permission = "storefront.receive_return"
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.RETURN_REQUESTED})

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.RETURNED)
        shelves.put_back(_pieces(order))
        emit(events.ReturnReceived(order=order.public_id))
        return order


class RefundReturn(Action[Order, NoInput, Order]):
    """Pay for what came back of an order, to where its customer wanted the money.

    Raises RefundTooHigh when nothing is left of what was paid.
    """

    model = Order
    permission = "storefront.refund_order"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = frozenset(
        {"storefront.order.state", "storefront.paymentmethod.balance_minor"}
    )
    emits = (events.OrderRefunded,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.RETURNED})

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.REFUNDED)
        amount = worth(order)
        if not amount:
            raise errors.RefundTooHigh("nothing is left of what was paid")
        ledger.give_back(order, order.return_method, amount)
        note_refund(order, amount, "items were returned")
        return order


class SendReturnBack(Action[Order, NoInput, Order]):
    """Send the items of a return to the customer again. Raises OutOfStock."""

    model = Order
    permission = "storefront.withdraw_return"

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.RETURN_REQUESTED)
        shelves.take(_pieces(order))
        return order


class WithdrawReturn(Action[Order, NoInput, Order]):
    """Take back that items of an order were to be returned."""

    model = Order
    permission = "storefront.withdraw_return"

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.DELIVERED)
        order.return_items, order.return_method = None, None
        order.save(update_fields=["return_items", "return_method"])
        emit(events.ReturnWithdrawn(order=order.public_id))
        return order


def worth(order: Order) -> int:
    """What the items to come back cost, at most what is left of what was paid."""
    lines = _lines(order)
    cost = sum(lines[number].price_minor for number in order.return_items or ())
    return min(cost, ledger.left(order))


def _pieces(order: Order) -> Bought:
    lines = _lines(order)
    return Counter(lines[number].variant for number in order.return_items or ())


def _lines(order: Order) -> dict[str, OrderItem]:
    """A line of each variant in the order, by article number."""
    lines = order.items.select_related("variant__product").order_by("pk")
    return {line.variant.sku: line for line in lines}
