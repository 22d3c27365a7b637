"""An order from the shelf to the customer, and back."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from examples.storefront.actions import (
    AddProduct,
    CancelOrder,
    DeliverOrder,
    DispatchOrder,
    PlaceOrder,
    RefundOrder,
)
from examples.storefront.errors import (
    MixedCurrencies,
    NothingToRefund,
    OutOfStock,
    RefundTooHigh,
)
from examples.storefront.models import Customer, Order, Product, Refund, Variant
from examples.storefront.seed import ORDERS, seed_storefront
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import (
    Forbidden,
    IllegalMove,
    Invalid,
    LimitReached,
    NotFound,
)
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import Place
from tests.agents.conftest import license_plane

MISTAKE = {"reason": "ordered_by_mistake"}


def basket(*skus: str, quantity: int = 1) -> dict[str, Any]:
    """What Ada wants to order."""
    variants = dict(Variant.objects.values_list("sku", "public_id"))
    return {
        "customer": Customer.objects.get(email="ada@example.com").public_id,
        "lines": [{"variant": variants[sku], "quantity": quantity} for sku in skus],
    }


def in_stock(sku: str) -> int:
    stock = Variant.objects.get(sku=sku).stock
    assert stock is not None
    return stock


def test_the_seed_can_be_sown_twice(orders: list[Order]) -> None:
    again = seed_storefront()
    assert [order.pk for order in again] == [order.pk for order in orders]
    assert [order.state for order in again] == [state for _, _, state in ORDERS]


def test_placing_an_order_takes_from_stock_and_copies_the_address(
    orders: list[Order], shopkeeper: Actor
) -> None:
    lamps = in_stock("LAMP-01")
    order = perform(PlaceOrder, None, basket("LAMP-01", "MUG-35"), actor=shopkeeper)
    assert order.result.total_minor == 4_900 + 2_450
    assert order.result.city == "Uppsala"
    assert in_stock("LAMP-01") == lamps - 1


def test_more_than_there_is_can_not_be_ordered(
    orders: list[Order], shopkeeper: Actor
) -> None:
    before = list(Variant.objects.values_list("pk", "stock"))
    wanted = basket("NOTE-A5", "LAMP-01", quantity=100)
    with pytest.raises(OutOfStock, match="Desk lamp"):
        perform(PlaceOrder, None, wanted, actor=shopkeeper)
    assert list(Variant.objects.values_list("pk", "stock")) == before


def test_an_order_has_one_currency(orders: list[Order], shopkeeper: Actor) -> None:
    pounds = {"name": "Tea", "sku": "TEA", "price_minor": 300, "currency": "GBP"}
    perform(AddProduct, None, {**pounds, "stock": 5}, actor=shopkeeper)
    with pytest.raises(MixedCurrencies):
        perform(PlaceOrder, None, basket("TEA", "MUG-35"), actor=shopkeeper)


def test_the_licence_limits_orders_and_products(
    orders: list[Order], shopkeeper: Actor, in_a: Place
) -> None:
    license_plane(in_a, orders=len(orders), products=3)
    with pytest.raises(LimitReached, match="5 orders"):
        perform(PlaceOrder, None, basket("MUG-35"), actor=shopkeeper)
    one_more = {"name": "Pen", "sku": "PEN", "price_minor": 100}
    with pytest.raises(LimitReached, match="3 products"):
        perform(AddProduct, None, one_more, actor=shopkeeper)
    assert Product.objects.count() == 3


def test_a_cancelled_order_goes_back_to_the_shelf_and_the_customer_is_told_once(
    orders: list[Order], shopkeeper: Actor
) -> None:
    outbox.drain()
    mail.outbox.clear()
    notebooks = in_stock("NOTE-A5")
    perform(CancelOrder, orders[2], MISTAKE, actor=shopkeeper, key="once")
    perform(CancelOrder, orders[2], MISTAKE, actor=shopkeeper, key="once")
    outbox.drain()
    assert in_stock("NOTE-A5") == notebooks + 10
    assert [letter.to for letter in mail.outbox] == [["chiara@example.com"]]
    assert "ordered by mistake" in mail.outbox[0].body


@pytest.mark.parametrize("number", [0, 1, 4])
def test_only_a_pending_order_can_be_cancelled(
    number: int, orders: list[Order], shopkeeper: Actor
) -> None:
    with pytest.raises(IllegalMove, match=orders[number].state):
        perform(CancelOrder, orders[number], MISTAKE, actor=shopkeeper)


def test_a_reason_of_ones_own_is_refused(
    orders: list[Order], shopkeeper: Actor
) -> None:
    with pytest.raises(Invalid, match="reason"):
        perform(CancelOrder, orders[2], {"reason": "bored"}, actor=shopkeeper)


def test_an_order_is_dispatched_and_delivered(
    orders: list[Order], shopkeeper: Actor
) -> None:
    perform(DispatchOrder, orders[2], actor=shopkeeper)
    done = perform(DeliverOrder, orders[2], actor=shopkeeper)
    assert done.output["state"] == "delivered"


def test_never_more_is_refunded_than_was_paid(
    orders: list[Order], shopkeeper: Actor
) -> None:
    order = orders[0]
    half = {"amount_minor": order.total_minor // 2, "reason": "scratched"}
    perform(RefundOrder, order, half, actor=shopkeeper)
    all_of_it = {"amount_minor": order.total_minor, "reason": "lost"}
    with pytest.raises(RefundTooHigh, match="at most"):
        perform(RefundOrder, order, all_of_it, actor=shopkeeper)
    assert Refund.objects.get().amount_minor == half["amount_minor"]


def test_what_was_not_delivered_is_not_refunded(
    orders: list[Order], shopkeeper: Actor
) -> None:
    data = {"amount_minor": 1, "reason": "please"}
    with pytest.raises(NothingToRefund):
        perform(RefundOrder, orders[2], data, actor=shopkeeper)


def test_who_may_only_look_does_not_act_and_who_may_not_look_sees_nothing(
    orders: list[Order], shopkeeper: Actor
) -> None:
    looking = shopkeeper.narrowed(frozenset({"storefront.view_order"}))
    with pytest.raises(Forbidden):
        perform(CancelOrder, orders[2], MISTAKE, actor=looking)
    with pytest.raises(NotFound):
        perform(CancelOrder, orders[2], MISTAKE, actor=shopkeeper.narrowed(frozenset()))


def test_a_rehearsal_leaves_the_order_as_it_was(
    orders: list[Order], shopkeeper: Actor
) -> None:
    shown = rehearse(CancelOrder, orders[2], MISTAKE, actor=shopkeeper)
    assert shown.output["state"] == "cancelled"
    orders[2].refresh_from_db()
    assert orders[2].state == "pending"


def test_personal_data_stays_out_of_the_audit(orders: list[Order], in_a: Place) -> None:
    added = AuditEntry.objects.filter(action="storefront.add_customer")
    assert added.count() == 3
    for entry in added:
        assert not any(name in entry.body for name in ("Ada", "@example", "Kungsgatan"))
