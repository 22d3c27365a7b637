"""What a customer may have changed in an order that is still pending.

Each action holds the shop's rules (``rules``) itself, whoever comes: agents only as the
step of a workflow, people from the administration.
"""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from examples.storefront import events, ledger, rules, swaps
from examples.storefront.actions.adding import PERSONAL
from examples.storefront.actions.orders import CANCELLED, cancel, machine
from examples.storefront.models import POSTAL, Order
from examples.storefront.states import CancelReason, OrderState
from paybill_site.kernel.actions import Action, Danger, Input
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import emit
from paybill_site.kernel.ids import ALPHABET, BODY

MOST = 50  # pieces in one request
VariantId = Annotated[str, Field(pattern=rf"^var_[{ALPHABET}]{{{BODY}}}$")]
MethodId = Annotated[str, Field(pattern=rf"^pay_[{ALPHABET}]{{{BODY}}}$")]
PENDING = frozenset({OrderState.PENDING})


class CancelPendingInput(Input):
    reason: CancelReason = Field(
        title="Reason", description="what the customer says; not that of the shop"
    )


class CancelPendingOrder(Action[Order, CancelPendingInput, Order]):
    """Cancel a pending order for its customer; everything paid is refunded."""

    model = Order
    Input = CancelPendingInput
    permission = "storefront.cancel_pending_order"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = CANCELLED
    emits = (events.OrderCancelled,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = PENDING

    def run(self, order: Order, data: CancelPendingInput, *, actor: Actor) -> Order:
        rules.follow(rules.CANCEL, order, data, actor)
        return cancel(order, data.reason)


class AddressInput(Input):
    """A whole address: what is left out would be blanked, so nothing can be."""

    line1: str = Field(
        min_length=1,
        max_length=120,
        title="Street and number",
        json_schema_extra=PERSONAL,
    )
    line2: str = Field(
        min_length=0,
        max_length=120,
        title="More of the address",
        json_schema_extra=PERSONAL,
    )
    city: str = Field(
        min_length=1, max_length=80, title="City", json_schema_extra=PERSONAL
    )
    region: str = Field(min_length=0, max_length=80, title="State or province")
    postcode: str = Field(
        min_length=1, max_length=20, title="Postcode", json_schema_extra=PERSONAL
    )
    country: str = Field(min_length=1, max_length=60, title="Country")


class ModifyOrderAddress(Action[Order, AddressInput, Order]):
    """Send a pending order to another address."""

    model = Order
    Input = AddressInput
    permission = "storefront.modify_order_address"
    agents = True
    overwrites = frozenset(f"storefront.order.{name}" for name in POSTAL)
    emits = (events.OrderAddressModified,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = PENDING

    def run(self, order: Order, data: AddressInput, *, actor: Actor) -> Order:
        rules.follow(rules.ADDRESS, order, data, actor)
        for name in POSTAL:
            setattr(order, name, getattr(data, name))
        order.save(update_fields=POSTAL)
        emit(events.OrderAddressModified(order=order.public_id))
        return order


class PayWithInput(Input):
    payment_method: MethodId = Field(
        title="Payment method", description="public id of one of the customer's own"
    )


class ModifyOrderPayment(Action[Order, PayWithInput, Order]):
    """Let another method pay for a pending order; what was paid goes back."""

    model = Order
    Input = PayWithInput
    permission = "storefront.modify_order_payment"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = frozenset({"storefront.paymentmethod.balance_minor"})
    emits = (events.OrderPaymentModified,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = PENDING

    def run(self, order: Order, data: PayWithInput, *, actor: Actor) -> Order:
        case = rules.follow(rules.PAYMENT, order, data, actor)
        paid = case.history[0]
        ledger.charge(order, case.method, paid.amount_minor)
        ledger.give_back(order, paid.method, paid.amount_minor)
        emit(events.OrderPaymentModified(order=order.public_id))
        return order


class SwapInput(Input):
    items: tuple[VariantId, ...] = Field(
        min_length=1,
        max_length=MOST,
        title="Items",
        description="public ids of variants in the order, one entry per piece",
    )
    new_items: tuple[VariantId, ...] = Field(
        min_length=1,
        max_length=MOST,
        title="New items",
        description="the variant that takes the place of each, in the same order",
    )
    payment_method: MethodId = Field(
        title="Payment method", description="pays or gets the difference; public id"
    )


class ModifyOrderItems(Action[Order, SwapInput, Order]):
    """Change items of a pending order to other variants of the same products.

    Once per order: name all items that are to be changed.
    """

    model = Order
    Input = SwapInput
    permission = "storefront.modify_order_items"
    spends = True
    danger = Danger.CAREFUL
    agents = True
    overwrites = frozenset(
        {
            "storefront.order.state",
            "storefront.order.total_minor",
            "storefront.orderitem.variant_id",
            "storefront.orderitem.name",
            "storefront.orderitem.options",
            "storefront.orderitem.price_minor",
            "storefront.orderitem.quantity",
            "storefront.paymentmethod.balance_minor",
            "storefront.variant.stock",
        }
    )
    emits = (events.OrderItemsModified,)
    idempotent = True
    legal_in: ClassVar[frozenset[str] | None] = PENDING

    def run(self, order: Order, data: SwapInput, *, actor: Actor) -> Order:
        case = rules.follow(rules.ITEMS, order, data, actor)
        difference = case.difference_minor
        if case.method is not None:  # which the rules say; types do not know
            ledger.settle(order, case.method, difference)
        pairs = [(line.variant, new) for line, new in case.pairs]
        swaps.swap(order, pairs, case.policy.books)
        order.total_minor += difference
        order.save(update_fields=["total_minor"])
        machine.move(order, OrderState.ITEMS_MODIFIED)
        emit(
            events.OrderItemsModified(
                order=order.public_id, difference_minor=difference
            )
        )
        return order
