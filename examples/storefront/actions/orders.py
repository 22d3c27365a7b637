"""An order from the shelf to the customer, as the shop's own people handle it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from agents.errors import RuleBroken
from examples.storefront import errors, events, ledger, shelves
from examples.storefront.actions.adding import within_licence
from examples.storefront.models import (
    POSTAL,
    Customer,
    Fulfilment,
    Order,
    OrderItem,
    PaymentMethod,
    Refund,
    Variant,
)
from examples.storefront.states import MOVES, CancelReason, OrderState
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.events import emit
from paybill_site.kernel.states import Machine

machine = Machine("order", MOVES)

# What a cancelled order changes of rows that were there before.
CANCELLED = frozenset(
    {
        "storefront.order.state",
        "storefront.order.cancel_reason",
        "storefront.paymentmethod.balance_minor",
        "storefront.variant.stock",
    }
)


class Line(BaseModel):
    """So many of one variant."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variant: str = Field(max_length=40, description="public id of the variant")
    quantity: int = Field(ge=1, le=1000)


class OrderInput(Input):
    customer: str = Field(max_length=40, title="Customer", description="public id")
    payment_method: str = Field(
        "",
        max_length=40,
        title="Payment method",
        description="public id; without one the order is not paid yet",
    )
    lines: tuple[Line, ...] = Field(min_length=1, max_length=100, title="Lines")


class PlaceOrder(Action[None, OrderInput, Order]):
    """Order variants for a customer, to the customer's present address."""

    model = Order
    Input = OrderInput
    permission = "storefront.add_order"
    spends = True
    creates = True

    def run(self, target: None, data: OrderInput, *, actor: Actor) -> Order:
        within_licence("orders", Order.objects.count())
        customer = Customer.objects.visible_to(actor).filter(public_id=data.customer)
        buyer = customer.first()
        if buyer is None:
            raise NotFound("there is no such customer")
        bought = _found(data.lines, actor)
        shelves.take(bought)
        order = _new_order(buyer, bought)
        if data.payment_method:
            ledger.charge(order, _method(buyer, data.payment_method), order.total_minor)
        emit(events.OrderPlaced(order=order.public_id))
        return order


class CancelInput(Input):
    reason: CancelReason = Field(title="Reason")


class CancelOrder(Action[Order, CancelInput, Order]):
    """Cancel a pending order; its items go back into stock and the customer is told.

    The shop's own decision, for any of its reasons. What a customer may ask for is
    ``CancelPendingOrder``, in its workflow: whoever is here for one customer, as the
    session says, can not go this way round it. Raises RuleBroken.
    """

    model = Order
    Input = CancelInput
    permission = "storefront.cancel_order"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = CANCELLED
    emits = (events.OrderCancelled,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.PENDING})

    def run(self, order: Order, data: CancelInput, *, actor: Actor) -> Order:
        if actor.session:
            says = "this is the shop's own decision, not that of its customer"
            raise RuleBroken(says, rule="shops_decision")
        return cancel(order, data.reason)


class DispatchOrder(Action[Order, NoInput, Order]):
    """Hand an order over to the carrier."""

    model = Order
    permission = "storefront.dispatch_order"
    legal_in: ClassVar[frozenset[str] | None] = frozenset(
        {OrderState.PENDING, OrderState.ITEMS_MODIFIED}
    )

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.PROCESSED)
        pieces = [
            line.variant.sku
            for line in order.items.select_related("variant").order_by("pk")
            for _ in range(line.quantity)
        ]
        Fulfilment.objects.create(order=order, items=pieces)
        return order


class DeliverOrder(Action[Order, NoInput, Order]):
    """Note that an order has arrived."""

    model = Order
    permission = "storefront.deliver_order"
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.PROCESSED})

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.DELIVERED)
        return order


class RefundInput(Input):
    amount_minor: int = Field(ge=1, le=10**12, title="Amount in minor units")
    reason: str = Field(min_length=3, max_length=200, title="Why")


class RefundOrder(Action[Order, RefundInput, Order]):
    """Pay back a part or all of what was paid for a delivered order."""

    model = Order
    Input = RefundInput
    permission = "storefront.refund_order"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = frozenset({"storefront.paymentmethod.balance_minor"})
    emits = (events.OrderRefunded,)
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.DELIVERED})

    def run(self, order: Order, data: RefundInput, *, actor: Actor) -> Order:
        if order.state != OrderState.DELIVERED:
            raise errors.NothingToRefund
        ledger.give_some_back(order, data.amount_minor)
        note_refund(order, data.amount_minor, data.reason)
        return order


type Bought = Counter[Variant]


def cancel(order: Order, reason: CancelReason) -> Order:
    """Cancel: money and goods go back, the customer is told. Raises IllegalMove."""
    machine.move(order, OrderState.CANCELLED, reason=reason, cancel_reason=reason)
    ledger.give_all_back(order)
    shelves.put_back(counted(order))
    emit(events.OrderCancelled(order=order.public_id, reason=reason))
    return order


def note_refund(order: Order, amount_minor: int, reason: str) -> None:
    """Say why money went back. That it did is the ledger's."""
    refund = Refund.objects.create(
        order=order, amount_minor=amount_minor, reason=reason
    )
    refunded = events.OrderRefunded(
        order=order.public_id, refund=refund.public_id, amount_minor=amount_minor
    )
    emit(refunded)


def counted(order: Order) -> Bought:
    """How many of each variant are in the order."""
    pieces: Bought = Counter()
    for line in order.items.select_related("variant"):
        pieces[line.variant] += line.quantity
    return pieces


def _found(lines: Iterable[Line], actor: Actor) -> Bought:
    bought: Bought = Counter()
    for line in lines:
        rows = Variant.objects.visible_to(actor).filter(public_id=line.variant)
        rows = rows.filter(product__active=True, available=True)
        variant = rows.select_related("product").first()
        if variant is None:
            raise NotFound(f"there is no variant {line.variant}")
        bought[variant] += line.quantity
    return bought


def _method(customer: Customer, public_id: str) -> PaymentMethod:
    method = customer.payment_methods.filter(public_id=public_id).first()
    if method is None:
        raise NotFound("the customer has no such payment method")
    return method


def _new_order(customer: Customer, bought: Bought) -> Order:
    currencies = {variant.currency for variant in bought}
    if len(currencies) != 1:
        raise errors.MixedCurrencies
    order = Order.objects.create(
        customer=customer,
        currency=currencies.pop(),
        total_minor=sum(variant.price_minor * n for variant, n in bought.items()),
        **{name: getattr(customer, name) for name in POSTAL},
    )
    OrderItem.objects.bulk_create(
        OrderItem(
            order=order,
            variant=variant,
            product=variant.product,
            name=str(variant),
            options=variant.options,
            price_minor=variant.price_minor,
            quantity=count,
        )
        for variant, count in bought.items()
    )
    return order
