"""What can be done in a shop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db.models import F, Sum
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from examples.storefront import errors, events
from examples.storefront.models import (
    POSTAL,
    Customer,
    Order,
    OrderItem,
    Product,
    Refund,
    Variant,
)
from examples.storefront.states import MOVES, CancelReason, OrderState
from paybill_site.kernel import limits, planes
from paybill_site.kernel.actions import Action, Danger, Input, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.events import emit
from paybill_site.kernel.states import Machine

machine = Machine("order", MOVES)
# Left out of the audit trail, which is never erased.
PERSONAL: JsonDict = {"sensitive": True}


class CustomerInput(Input):
    name: str = Field(
        min_length=1, max_length=120, title="Name", json_schema_extra=PERSONAL
    )
    email: str = Field(
        max_length=254,
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        title="E-mail",
        json_schema_extra=PERSONAL,
    )
    line1: str = Field(
        "", max_length=120, title="Street and number", json_schema_extra=PERSONAL
    )
    line2: str = Field(
        "", max_length=120, title="More of the address", json_schema_extra=PERSONAL
    )
    city: str = Field("", max_length=80, title="City", json_schema_extra=PERSONAL)
    region: str = Field("", max_length=80, title="State or province")
    postcode: str = Field(
        "", max_length=20, title="Postcode", json_schema_extra=PERSONAL
    )
    country: str = Field("", pattern="^([A-Z]{2})?$", title="Country (ISO 3166-1)")


class AddCustomer(Action[None, CustomerInput, Customer]):
    """Add a customer to the shop."""

    model = Customer
    Input = CustomerInput
    permission = "storefront.add_customer"
    creates = True

    def run(self, target: None, data: CustomerInput, *, actor: Actor) -> Customer:
        return Customer.objects.create(**data.model_dump())


class ProductInput(Input):
    name: str = Field(min_length=1, max_length=120, title="Name")
    description: str = Field("", max_length=2000, title="Description")
    sku: str = Field(pattern=r"^[A-Za-z0-9._-]{1,40}$", title="Article number")
    price_minor: int = Field(ge=0, le=10**12, title="Price in minor units")
    currency: str = Field("EUR", pattern="^[A-Z]{3}$", title="Currency (ISO 4217)")
    stock: int = Field(0, ge=0, le=10**6, title="In stock")


class AddProduct(Action[None, ProductInput, Product]):
    """Add a product with its first variant."""

    model = Product
    Input = ProductInput
    permission = "storefront.add_product"
    creates = True

    def run(self, target: None, data: ProductInput, *, actor: Actor) -> Product:
        _within_licence("products", Product.objects.count())
        product = Product.objects.create(name=data.name, description=data.description)
        priced = data.model_dump(include={"sku", "price_minor", "currency", "stock"})
        Variant.objects.create(product=product, name="Standard", **priced)
        return product


class Line(BaseModel):
    """So many of one variant."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    variant: str = Field(max_length=40, description="public id of the variant")
    quantity: int = Field(ge=1, le=1000)


class OrderInput(Input):
    customer: str = Field(max_length=40, title="Customer", description="public id")
    lines: tuple[Line, ...] = Field(min_length=1, max_length=100, title="Lines")


class PlaceOrder(Action[None, OrderInput, Order]):
    """Order variants for a customer, to the customer's present address."""

    model = Order
    Input = OrderInput
    permission = "storefront.add_order"
    creates = True

    def run(self, target: None, data: OrderInput, *, actor: Actor) -> Order:
        _within_licence("orders", Order.objects.count())
        customer = Customer.objects.visible_to(actor).filter(public_id=data.customer)
        buyer = customer.first()
        if buyer is None:
            raise NotFound("there is no such customer")
        bought = _take_from_stock(data.lines, actor)
        order = _new_order(buyer, bought)
        emit(events.OrderPlaced(order=order.public_id))
        return order


class CancelInput(Input):
    reason: CancelReason = Field(title="Reason")


class CancelOrder(Action[Order, CancelInput, Order]):
    """Cancel a pending order; its items go back into stock and the customer is told."""

    model = Order
    Input = CancelInput
    permission = "storefront.cancel_order"
    danger = Danger.CAREFUL
    agents = True
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.PENDING})

    def run(self, order: Order, data: CancelInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.CANCELLED, reason=data.reason)
        order.cancel_reason = data.reason
        order.save(update_fields=["cancel_reason"])
        _back_into_stock(order.items.order_by("variant__public_id"))
        emit(events.OrderCancelled(order=order.public_id, reason=data.reason))
        return order


class DispatchOrder(Action[Order, NoInput, Order]):
    """Hand an order over to the carrier."""

    model = Order
    permission = "storefront.dispatch_order"
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.PENDING})

    def run(self, order: Order, data: NoInput, *, actor: Actor) -> Order:
        machine.move(order, OrderState.PROCESSED)
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
    """Pay back a part or all of a delivered order."""

    model = Order
    Input = RefundInput
    permission = "storefront.refund_order"
    danger = Danger.CAREFUL
    legal_in: ClassVar[frozenset[str] | None] = frozenset({OrderState.DELIVERED})

    def run(self, order: Order, data: RefundInput, *, actor: Actor) -> Order:
        if order.state != OrderState.DELIVERED:
            raise errors.NothingToRefund
        paid_back = order.refunds.aggregate(sum=Sum("amount_minor"))["sum"] or 0
        left = order.total_minor - paid_back
        if data.amount_minor > left:
            raise errors.RefundTooHigh(f"at most {left} {order.currency} minor units")
        refund = Refund.objects.create(
            order=order, amount_minor=data.amount_minor, reason=data.reason
        )
        emit(
            events.OrderRefunded(
                order=order.public_id,
                refund=refund.public_id,
                amount_minor=refund.amount_minor,
            )
        )
        return order


type Bought = list[tuple[Variant, int]]


def _within_licence(name: str, used: int) -> None:
    limits.within(limits.terms(planes.here().tenant), name, used)


def _take_from_stock(lines: Iterable[Line], actor: Actor) -> Bought:
    """Reserve each line by a conditional UPDATE, in one order for all, so that two
    orders never wait for each other in a circle.
    """
    bought: Bought = []
    for line in sorted(lines, key=lambda line: line.variant):
        rows = Variant.objects.visible_to(actor).filter(public_id=line.variant)
        variant = rows.filter(product__active=True).select_related("product").first()
        if variant is None:
            raise NotFound(f"there is no variant {line.variant}")
        enough = Variant.objects.filter(pk=variant.pk, stock__gte=line.quantity)
        if enough.update(stock=F("stock") - line.quantity) != 1:
            raise errors.OutOfStock(f"there is not enough of {variant} in stock")
        bought.append((variant, line.quantity))
    return bought


def _back_into_stock(items: Iterable[OrderItem]) -> None:
    for item in items:
        rows: Any = Variant.objects.filter(pk=item.variant_id)
        rows.update(stock=F("stock") + item.quantity)


def _new_order(customer: Customer, bought: Bought) -> Order:
    currencies = {variant.currency for variant, _ in bought}
    if len(currencies) != 1:
        raise errors.MixedCurrencies
    order = Order.objects.create(
        customer=customer,
        currency=currencies.pop(),
        total_minor=sum(variant.price_minor * count for variant, count in bought),
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
        for variant, count in bought
    )
    return order
