"""What customers change, send back or exchange: by people, and under the rules."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from pydantic import ValidationError

from agents.errors import OutOfWorkflow, RuleBroken
from examples.storefront.actions import (
    AddPaymentMethod,
    AddVariant,
    CancelPendingOrder,
    ExchangeOrderItems,
    ModifyOrderItems,
    ModifyOrderPayment,
    PlaceOrder,
    ReturnOrderItems,
    SetShopPolicy,
)
from examples.storefront.actions.pending import AddressInput
from examples.storefront.models import (
    Customer,
    Order,
    OrderPayment,
    PaymentMethod,
    Product,
    Variant,
)
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.forms import form_for

MORE = (
    "cancel_pending_order", "modify_order_payment", "modify_order_items",
    "return_order_items", "exchange_order_items", "change_shoppolicy",
    "view_shoppolicy", "add_paymentmethod", "add_variant",
)  # fmt: skip


@pytest.fixture
def keeper(shopkeeper: Actor) -> Actor:
    """The shopkeeper, who may do all that the policy is about, too."""
    more = {f"storefront.{name}" for name in MORE}
    return Actor(
        kind=Kind.PERSON,
        id=shopkeeper.id,
        label=shopkeeper.label,
        grants=shopkeeper.grants | more,
    )


@pytest.fixture
def ada(orders: list[Order]) -> Customer:
    return Customer.objects.get(email="ada@example.com")


def method(customer: Customer, kind: str) -> PaymentMethod:
    return customer.payment_methods.get(kind=kind)


def variant(sku: str) -> str:
    return Variant.objects.get(sku=sku).public_id


@pytest.fixture
def pending(ada: Customer, keeper: Actor) -> Order:
    """Two mugs and a lamp, paid by card: 98.00."""
    data = {
        "customer": ada.public_id,
        "payment_method": method(ada, "credit_card").public_id,
        "lines": [
            {"variant": variant("MUG-35"), "quantity": 2},
            {"variant": variant("LAMP-01"), "quantity": 1},
        ],
    }
    order: Order = perform(PlaceOrder, None, data, actor=keeper).result
    return order


@pytest.fixture
def green_lamp(pending: Order, keeper: Actor) -> str:
    data = {
        "name": "Green",
        "sku": "LAMP-02",
        "price_minor": 5_400,
        "options": {"colour": "green"},
        "stock": 3,
    }
    lamp = Product.objects.get(name="Desk lamp")
    made: Variant = perform(AddVariant, lamp, data, actor=keeper).result
    return made.public_id


def history(order: Order) -> list[tuple[str, int, str]]:
    rows = OrderPayment.objects.filter(order=order).select_related("method")
    return [(r.kind, r.amount_minor, r.method.kind if r.method else "") for r in rows]


def change(green: str, paying: PaymentMethod) -> dict[str, Any]:
    """One of the two mugs becomes blue, the lamp green: 7.00 more."""
    return {
        "items": [variant("MUG-35"), variant("LAMP-01")],
        "new_items": [variant("MUG-35-BLUE"), green],
        "payment_method": paying.public_id,
    }


def test_each_changed_piece_has_its_own_price_and_the_gift_card_pays_at_once(
    pending: Order, ada: Customer, green_lamp: str, keeper: Actor
) -> None:
    card = method(ada, "gift_card")
    perform(ModifyOrderItems, pending, change(green_lamp, card), actor=keeper)
    pending.refresh_from_db()
    lines = pending.items.order_by("pk")
    shown = [(line.variant.sku, line.quantity, line.price_minor) for line in lines]
    assert sorted(shown) == [
        ("LAMP-02", 1, 5_400),
        ("MUG-35", 1, 2_450),
        ("MUG-35-BLUE", 1, 2_650),
    ]
    card.refresh_from_db()
    assert card.balance_minor == 5_000 - 700
    assert history(pending)[-1] == ("payment", 700, "gift_card")
    assert pending.state == "items_modified"
    assert pending.total_minor == 9_800 + 700
    assert Variant.objects.get(sku="LAMP-02").stock == 2


def test_items_are_changed_once(
    pending: Order, ada: Customer, green_lamp: str, keeper: Actor
) -> None:
    data = change(green_lamp, method(ada, "credit_card"))
    perform(ModifyOrderItems, pending, data, actor=keeper)
    with pytest.raises(RuleBroken) as refusal:
        perform(ModifyOrderItems, pending, data, actor=keeper)
    assert refusal.value.members["rule"] == "once_per_order"


def test_what_was_paid_twice_and_refunded_once_goes_back_once(
    pending: Order, ada: Customer, keeper: Actor
) -> None:
    big = {"kind": "gift_card", "balance_minor": 20_000, "currency": "EUR"}
    card = perform(AddPaymentMethod, ada, big, actor=keeper).result
    paying = {"payment_method": card.public_id}
    perform(ModifyOrderPayment, pending, paying, actor=keeper)
    reason = {"reason": "no_longer_needed"}
    perform(CancelPendingOrder, pending, reason, actor=keeper)
    assert history(pending) == [
        ("payment", 9_800, "credit_card"),
        ("payment", 9_800, "gift_card"),
        ("refund", 9_800, "credit_card"),
        ("refund", 9_800, "gift_card"),
    ]
    card.refresh_from_db()
    assert card.balance_minor == 20_000


def test_the_published_books_are_kept_as_the_published_tools_keep_them(
    pending: Order, ada: Customer, green_lamp: str, keeper: Actor
) -> None:
    perform(SetShopPolicy, None, {"books": "published"}, actor=keeper)
    data = change(green_lamp, method(ada, "credit_card"))
    perform(ModifyOrderItems, pending, data, actor=keeper)
    blue = pending.items.get(variant__sku="MUG-35-BLUE")
    assert (blue.price_minor, blue.options) == (5_400, {"colour": "green"})


@pytest.mark.parametrize(
    ("policy", "allowed"), [("never", False), ("exchanges", True), ("always", True)]
)
def test_an_item_is_exchanged_for_itself_where_the_shop_allows_it(
    policy: str, allowed: bool, orders: list[Order], ada: Customer, keeper: Actor
) -> None:
    perform(SetShopPolicy, None, {"same_item": policy}, actor=keeper)
    data = {
        "items": [variant("LAMP-01")],
        "new_items": [variant("LAMP-01")],
        "payment_method": method(ada, "credit_card").public_id,
    }
    if allowed:
        done = perform(ExchangeOrderItems, orders[0], data, actor=keeper)
        assert done.output["state"] == "exchange_requested"
        return
    with pytest.raises(RuleBroken) as refusal:
        perform(ExchangeOrderItems, orders[0], data, actor=keeper)
    assert refusal.value.members["rule"] == "other_option"


def test_who_returns_something_gets_a_letter(
    orders: list[Order], ada: Customer, keeper: Actor
) -> None:
    outbox.drain()
    mail.outbox.clear()
    data = {
        "items": [variant("NOTE-A5"), variant("NOTE-A5")],
        "payment_method": method(ada, "credit_card").public_id,
    }
    perform(ReturnOrderItems, orders[0], data, actor=keeper)
    outbox.drain()
    (letter,) = mail.outbox
    assert letter.to == ["ada@example.com"]
    assert letter.body.count("NOTE-A5") == 2


def test_more_pieces_than_were_bought_do_not_come_back(
    orders: list[Order], ada: Customer, keeper: Actor
) -> None:
    data = {
        "items": [variant("NOTE-A5")] * 4,
        "payment_method": method(ada, "credit_card").public_id,
    }
    with pytest.raises(RuleBroken) as refusal:
        perform(ReturnOrderItems, orders[0], data, actor=keeper)
    assert refusal.value.members["rule"] == "items_in_order"


def test_an_agent_does_none_of_it_outside_a_run(pending: Order, keeper: Actor) -> None:
    agent = Actor(kind=Kind.AGENT, id="agt_0", grants=keeper.grants)
    with pytest.raises((OutOfWorkflow, Exception)) as refusal:
        perform(
            CancelPendingOrder, pending, {"reason": "no_longer_needed"}, actor=agent
        )
    assert getattr(refusal.value, "status", 0) in {403, 404, 409}
    pending.refresh_from_db()
    assert pending.state == "pending"


def test_an_item_in_another_currency_takes_no_place(
    pending: Order, ada: Customer, keeper: Actor
) -> None:
    lamp = Product.objects.get(name="Desk lamp")
    priced = {"sku": "LAMP-JP", "price_minor": 4_900, "currency": "JPY", "stock": 3}
    made = perform(AddVariant, lamp, {"name": "Japan", **priced}, actor=keeper).result
    data = {
        "items": [variant("LAMP-01")],
        "new_items": [made.public_id],
        "payment_method": method(ada, "credit_card").public_id,
    }
    with pytest.raises(RuleBroken) as refusal:
        perform(ModifyOrderItems, pending, data, actor=keeper)
    assert refusal.value.members["rule"] == "item_available"
    assert history(pending) == [("payment", 9_800, "credit_card")]


def test_an_address_is_said_whole_and_people_may_leave_parts_of_it_empty() -> None:
    whole = {
        "line1": "Via Po 1", "line2": "", "city": "Rome", "region": "",
        "postcode": "00100", "country": "IT",
    }  # fmt: skip
    assert form_for(AddressInput)(whole).is_valid()
    for name in whole:
        part = {key: value for key, value in whole.items() if key != name}
        with pytest.raises(ValidationError):
            AddressInput.model_validate(part)
