"""A return in several steps: asked for, received by a person, refunded; or undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from agents.actions.approvals import ApproveCall
from agents.dispatch import Answer, call
from agents.errors import OutOfWorkflow
from agents.models import Approval, WorkflowRun
from examples.storefront.actions import ReceiveReturn, RefundReturn, ReturnOrderItems
from examples.storefront.models import Order, Refund, Variant
from examples.storefront.workflows import UNASKED
from paybill_site.kernel import outbox
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import PaybillError
from paybill_site.kernel.models import Delivery
from tests.agents.conftest import READ, Enter, Grant
from tests.storefront.selling import card_of

ASKING, PAYING = "storefront.return_order_items", "storefront.refund_order"


@pytest.fixture
def assistant(orders: list[Order], grant: Grant, enter: Enter) -> Actor:
    """An agent that may look at every order, ask for returns and pay for them."""
    for permission in (READ, ASKING, PAYING):
        grant(permission)
    return enter(READ, ASKING, PAYING)


@pytest.fixture
def run(delivered: Order, assistant: Actor) -> WorkflowRun:
    """One of the two lamps, 49.00, is to come back."""
    return asked(assistant, delivered, pieces=1)


def asked(agent: Actor, order: Order, pieces: int) -> WorkflowRun:
    named = {"id": order.public_id}
    run = call(agent, "start_item_return", named, key="start").result["id"]
    lamp = Variant.objects.get(sku="LAMP-01").public_id
    wanted = {
        "run": run,
        "items": [lamp] * pieces,
        "payment_method": card_of(order).public_id,
    }
    call(agent, "return_order_items", wanted, key="ask")
    return WorkflowRun.objects.get(public_id=run)


def refund(agent: Actor, run: WorkflowRun) -> Answer:
    return call(agent, "refund_return", {"run": run.public_id}, key="pay")


def settled(run: WorkflowRun, order: Order) -> tuple[str, str, str]:
    """Let everything that follows happen: where run and order are then."""
    outbox.drain()
    run.refresh_from_db()
    order.refresh_from_db()
    return run.status, run.state, order.state


def in_stock() -> int:
    return Variant.objects.get(sku="LAMP-01").stock or 0


def test_what_came_back_is_in_stock_again_and_paid_for(
    delivered: Order, assistant: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    before = in_stock()
    perform(ReceiveReturn, delivered, actor=keeper)
    assert settled(run, delivered) == ("active", "received", "returned")
    assert in_stock() == before + 1
    assert refund(assistant, run).approval == ""
    assert settled(run, delivered) == ("done", "done", "refunded")
    assert card_of(delivered).balance_minor == 4_900
    assert Refund.objects.get().amount_minor == 4_900
    by = run.steps.order_by("seq").values_list("by", flat=True)
    assert list(by) == [assistant.id, keeper.id, assistant.id]
    told = [message.subject for message in mail.outbox[-2:]]
    assert told[0].endswith("can be returned")
    assert told[1].endswith("has come back")


def test_nothing_is_paid_before_a_person_has_the_items(
    delivered: Order, assistant: Actor, run: WorkflowRun
) -> None:
    with pytest.raises(OutOfWorkflow) as refused:
        refund(assistant, run)
    assert refused.value.members["rule"] == "workflow_state"
    with pytest.raises(PaybillError):
        call(assistant, "receive_return", {"run": run.public_id}, key="mine")
    assert settled(run, delivered) == ("active", "announced", "return_requested")


def test_a_dear_return_is_paid_when_a_person_agrees(
    delivered: Order, assistant: Actor, keeper: Actor
) -> None:
    run = asked(assistant, delivered, pieces=2)
    perform(ReceiveReturn, delivered, actor=keeper)
    answer = refund(assistant, run)
    approval = Approval.objects.get(public_id=answer.approval)
    assert f"more than {UNASKED} EUR" in approval.why
    assert Refund.objects.count() == 0
    perform(ApproveCall, approval, {"reason": "they are whole"}, actor=keeper)
    assert settled(run, delivered) == ("done", "done", "refunded")
    assert card_of(delivered).balance_minor == 9_800


def test_what_does_not_come_back_in_time_is_as_if_it_was_never_asked_for(
    delivered: Order, run: WorkflowRun
) -> None:
    outbox.drain()
    assert run.deadline_at is not None
    left = run.deadline_at - timezone.now()
    assert timedelta(days=13) < left <= timedelta(days=14)
    late = timezone.now() - timedelta(seconds=1)
    WorkflowRun.objects.filter(pk=run.pk).update(deadline_at=late)
    Delivery.objects.filter(event__name="agents.run_due").update(next_at=late)
    assert settled(run, delivered) == ("cancelled", "announced", "delivered")
    assert (run.why, run.steps.get().status) == ("its time was over", "undone")
    assert (delivered.return_items, delivered.return_method) == (None, None)
    assert "is not returned" in mail.outbox[-1].subject


def test_a_return_that_is_cancelled_is_undone_step_by_step(
    delivered: Order, assistant: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    before = in_stock()
    perform(ReceiveReturn, delivered, actor=keeper)
    call(assistant, "cancel_workflow_run", {"id": run.public_id}, key="stop")
    assert settled(run, delivered) == ("cancelled", "received", "delivered")
    undone = run.steps.order_by("undone_at").values_list("name", "status")
    assert list(undone) == [
        ("receive_return", "undone"),
        ("return_order_items", "undone"),
    ]
    assert (in_stock(), Refund.objects.count()) == (before, 0)


def test_items_that_were_sold_meanwhile_cannot_go_back_and_a_person_looks(
    delivered: Order, assistant: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    perform(ReceiveReturn, delivered, actor=keeper)
    Variant.objects.filter(sku="LAMP-01").update(stock=0)
    call(assistant, "cancel_workflow_run", {"id": run.public_id}, key="stop")
    assert settled(run, delivered) == ("failed", "received", "returned")
    assert "not enough" in run.why


def test_people_take_a_return_without_any_run(delivered: Order, keeper: Actor) -> None:
    lamp = Variant.objects.get(sku="LAMP-01").public_id
    wanted = {"items": [lamp], "payment_method": card_of(delivered).public_id}
    perform(ReturnOrderItems, delivered, wanted, actor=keeper)
    perform(ReceiveReturn, delivered, actor=keeper)
    perform(RefundReturn, delivered, actor=keeper)
    delivered.refresh_from_db()
    assert (delivered.state, WorkflowRun.objects.count()) == ("refunded", 0)


def test_what_was_refunded_before_is_not_refunded_again(
    delivered: Order, assistant: Actor, keeper: Actor, run: WorkflowRun
) -> None:
    perform(ReceiveReturn, delivered, actor=keeper)
    delivered.payments.create(
        kind="refund", amount_minor=9_000, method=card_of(delivered)
    )
    refund(assistant, run)
    assert Refund.objects.get().amount_minor == 800
