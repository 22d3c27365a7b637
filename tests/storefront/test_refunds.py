"""Money that goes back: in one book, within limits, by a person's yes if dear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.actions.approvals import ApproveCall, RefuseCall
from agents.dispatch import call
from agents.errors import RuleBroken
from agents.models import Agent, Approval, Limit
from agents.states import Measure, Per
from examples.storefront.actions import (
    CancelOrder,
    DeliverOrder,
    PlaceOrder,
    RefundOrder,
)
from examples.storefront.errors import RefundTooHigh
from examples.storefront.models import Customer, Order, Refund, Variant
from examples.storefront.workflows import UNASKED
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import LimitReached, PaybillError
from tests.agents.conftest import CANCEL, READ, Enter, Grant, last_entry
from tests.storefront.selling import card_of

REFUND = "storefront.refund_order"


@pytest.fixture
def assistant(orders: list[Order], grant: Grant, enter: Enter) -> Actor:
    """An agent that may look at every order and pay back."""
    for permission in (READ, REFUND):
        grant(permission)
    return enter(READ, REFUND)


def give_back(actor: Actor, order: Order, amount: int, key: str) -> Any:
    """The agent asks for a refund in a run of its own."""
    named = {"id": order.public_id}
    run = call(actor, "start_refund_request", named, key=f"{key}:run").result["id"]
    data = {"run": run, "amount_minor": amount, "reason": "scratched"}
    return call(actor, "refund_order", data, key=key)


def test_a_refund_is_in_the_books_and_on_the_gift_card_that_paid(
    delivered: Order, keeper: Actor
) -> None:
    data = {"amount_minor": 3_000, "reason": "scratched"}
    perform(RefundOrder, delivered, data, actor=keeper)
    rows = delivered.payments.order_by("pk").values_list("kind", "amount_minor")
    assert list(rows) == [("payment", 9_800), ("refund", 3_000)]
    assert card_of(delivered).balance_minor == 3_000
    more = {"amount_minor": 6_801, "reason": "scratched"}
    with pytest.raises(RefundTooHigh, match="at most 6800"):
        perform(RefundOrder, delivered, more, actor=keeper)


def test_what_nobody_paid_does_not_go_back(orders: list[Order], keeper: Actor) -> None:
    order = orders[1]
    perform(DeliverOrder, order, actor=keeper)
    data = {"amount_minor": 1, "reason": "please"}
    with pytest.raises(RefundTooHigh, match="at most 0"):
        perform(RefundOrder, order, data, actor=keeper)


def test_an_agent_pays_back_no_more_than_its_limit_of_amounts(
    delivered: Order, assistant: Actor, helper: Agent
) -> None:
    Limit.objects.create(
        agent=helper,
        per=Per.AGENT,
        measure=Measure.AMOUNT,
        currency="EUR",
        most=2_000,
        made_by="t",
    )
    give_back(assistant, delivered, 1_500, "a")
    with pytest.raises(LimitReached) as refused:
        give_back(assistant, delivered, 501, "b")
    assert refused.value.members["rule"] == "limit:amount"
    assert '"rule":"limit:amount"' in last_entry(outcome="denied").body
    assert card_of(delivered).balance_minor == 1_500


def test_what_a_cancelled_order_gives_back_counts_for_the_limit(
    orders: list[Order], keeper: Actor, grant: Grant, enter: Enter, helper: Agent
) -> None:
    for permission in (READ, CANCEL):
        grant(permission)
    lamp = Variant.objects.get(sku="LAMP-01").public_id
    ada = Customer.objects.get(email="ada@example.com")
    data = {
        "customer": ada.public_id,
        "payment_method": ada.payment_methods.get(kind="credit_card").public_id,
        "lines": [{"variant": lamp, "quantity": 1}],
    }
    order = perform(PlaceOrder, None, data, actor=keeper).result
    Limit.objects.create(
        agent=helper, measure=Measure.AMOUNT, currency="EUR", most=4_899, made_by="t"
    )
    named = {"id": order.public_id, "reason": "ordered_by_mistake"}
    with pytest.raises(LimitReached) as refused:
        call(enter(READ, CANCEL), "cancel_order", named, key="a")
    assert refused.value.members["rule"] == "limit:amount"
    order.refresh_from_db()
    assert order.state == "pending"


def test_whoever_serves_a_customer_does_not_decide_for_the_shop(
    orders: list[Order], keeper: Actor
) -> None:
    serving = replace(keeper, session={"customer": orders[2].customer.public_id})
    with pytest.raises(RuleBroken) as refused:
        perform(CancelOrder, orders[2], {"reason": "out_of_stock"}, actor=serving)
    assert refused.value.members["rule"] == "shops_decision"


def test_a_small_refund_is_done_at_once(delivered: Order, assistant: Actor) -> None:
    answer = give_back(assistant, delivered, UNASKED, "a")
    assert (answer.approval, Refund.objects.get().amount_minor) == ("", UNASKED)


def test_a_dear_refund_waits_for_a_person_and_is_done_when_one_agrees(
    delivered: Order, assistant: Actor, keeper: Actor
) -> None:
    answer = give_back(assistant, delivered, UNASKED + 1, "a")
    assert (answer.result, Refund.objects.count()) == ({}, 0)
    approval = Approval.objects.get(public_id=answer.approval)
    assert f"more than {UNASKED} EUR" in approval.why
    perform(ApproveCall, approval, {"reason": "it was broken"}, actor=keeper)
    outbox.drain()
    assert Refund.objects.get().amount_minor == UNASKED + 1
    assert card_of(delivered).balance_minor == UNASKED + 1


def test_a_dear_refund_that_a_person_refuses_does_not_happen(
    delivered: Order, assistant: Actor, keeper: Actor
) -> None:
    answer = give_back(assistant, delivered, UNASKED + 1, "a")
    approval = Approval.objects.get(public_id=answer.approval)
    perform(RefuseCall, approval, {"reason": "not broken"}, actor=keeper)
    outbox.drain()
    assert (Refund.objects.count(), card_of(delivered).balance_minor) == (0, 0)


def test_small_slices_of_a_dear_refund_wait_as_well(
    delivered: Order, assistant: Actor
) -> None:
    give_back(assistant, delivered, UNASKED, "a")
    assert give_back(assistant, delivered, 1, "b").approval.startswith("apr_")


def test_an_agent_refunds_nothing_outside_a_run_and_begins_none_before_delivery(
    orders: list[Order], delivered: Order, assistant: Actor
) -> None:
    named = {"id": orders[2].public_id}
    with pytest.raises(RuleBroken) as refused:
        call(assistant, "start_refund_request", named, key="early")
    assert refused.value.members["rule"] == "order_is_delivered"
    outside = {"run": "run_0", "amount_minor": 1, "reason": "please"}
    with pytest.raises(PaybillError):
        call(assistant, "refund_order", outside, key="outside")
    assert Refund.objects.count() == 0
