"""A shop that has sold something: who keeps it, who bought, what was delivered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from examples.storefront.actions import (
    AddPaymentMethod,
    DeliverOrder,
    DispatchOrder,
    PlaceOrder,
)
from examples.storefront.models import Customer, Order, PaymentMethod, Variant
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor


@pytest.fixture
def keeper(shopkeeper: Actor) -> Actor:
    """Somebody else, who decides what waits, sees all money and hands out cards."""
    more = {"agents.view_approval", "agents.decide_approval"}
    more.add("storefront.add_paymentmethod")
    for row in ("refund", "orderpayment", "paymentmethod"):
        more.add(f"storefront.view_{row}")
    name = "usr_0000000000000000000000boss"
    return replace(shopkeeper, id=name, grants=shopkeeper.grants | more)


@pytest.fixture
def ada(orders: list[Order]) -> Customer:
    return Customer.objects.get(email="ada@example.com")


@pytest.fixture
def delivered(ada: Customer, keeper: Actor) -> Order:
    """Two lamps, 98.00, paid by a gift card that is empty then."""
    given = {"kind": "gift_card", "balance_minor": 9_800, "currency": "EUR"}
    card = perform(AddPaymentMethod, ada, given, actor=keeper).result
    lamp = Variant.objects.get(sku="LAMP-01").public_id
    data = {
        "customer": ada.public_id,
        "payment_method": card.public_id,
        "lines": [{"variant": lamp, "quantity": 2}],
    }
    order: Order = perform(PlaceOrder, None, data, actor=keeper).result
    perform(DispatchOrder, order, actor=keeper)
    perform(DeliverOrder, order, actor=keeper)
    order.refresh_from_db()
    return order


def card_of(order: Order) -> PaymentMethod:
    method = order.payments.get(kind="payment").method
    assert method is not None
    return method
