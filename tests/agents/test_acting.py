"""What an agent does: the same verb as a person's, with the same guards."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connections

from agents.dispatch import Answer, call
from agents.errors import KeyNeeded
from examples.storefront.models import Order, Variant
from examples.storefront.states import OrderState
from paybill_site.kernel import outbox
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import (
    Forbidden,
    IllegalMove,
    Invalid,
    KeyReused,
    NotFound,
    PaybillError,
)
from paybill_site.kernel.models import (
    AuditEntry,
    IdempotencyKey,
    OutboxEvent,
    Transition,
)
from paybill_site.kernel.planes import Place, plane
from paybill_site.kernel.verifying import verify
from tests.agents.conftest import CANCEL, READ, Enter, Grant, last_entry

MISTAKE = {"reason": "ordered_by_mistake"}


def cancel(actor: Actor, order: Order, key: str = "k1", **more: Any) -> Answer:
    arguments = {"id": order.public_id, **MISTAKE}
    return call(actor, "cancel_order", arguments, key=key, **more)


def traces() -> tuple[Any, ...]:
    """Everything that an effect would change."""
    return (
        list(Order.objects.values_list("pk", "state", "cancel_reason")),
        list(Variant.objects.values_list("pk", "stock")),
        OutboxEvent.objects.count(),
        Transition.objects.count(),
        IdempotencyKey.objects.count(),
    )


@pytest.fixture
def pending(orders: list[Order], grant: Grant) -> Order:
    """A pending order that the agent may read and cancel."""
    grant(READ, orders[2])
    grant(CANCEL, orders[2])
    return orders[2]


def test_an_agent_cancels_an_order_and_the_customer_is_told(
    pending: Order, enter: Enter
) -> None:
    outbox.drain()
    mail.outbox.clear()
    answer = cancel(enter(), pending)
    pending.refresh_from_db()
    assert answer.result == {"id": pending.public_id, "state": "cancelled"}
    assert pending.state == OrderState.CANCELLED
    outbox.drain()
    (letter,) = mail.outbox
    assert letter.to == ["chiara@example.com"]


def test_it_is_on_record_who_did_it_and_with_which_token(
    pending: Order, enter: Enter
) -> None:
    actor = enter()
    cancel(actor, pending)
    entry = last_entry(action="storefront.cancel_order")
    assert (entry.actor, entry.outcome) == (actor.id, "done")
    assert f'"via":"{actor.via}"' in entry.body
    assert verify().findings == ()


def test_a_repeat_with_the_same_key_changes_nothing(
    pending: Order, enter: Enter
) -> None:
    actor = enter()
    first = cancel(actor, pending)
    before = traces()
    again = cancel(actor, pending)
    assert (again.result, again.repeated) == (first.result, True)
    assert traces() == before


def test_a_key_is_good_for_one_set_of_arguments(pending: Order, enter: Enter) -> None:
    actor = enter()
    cancel(actor, pending)
    other = {"id": pending.public_id, "reason": "out_of_stock"}
    with pytest.raises(KeyReused):
        call(actor, "cancel_order", other, key="k1")


@pytest.mark.parametrize("key", ["", "x" * 201, "two words", "ключ", "a\nb"])
def test_without_a_good_key_nothing_is_done(
    key: str, pending: Order, enter: Enter
) -> None:
    before, actor = traces(), enter()
    with pytest.raises(KeyNeeded):
        cancel(actor, pending, key=key)
    assert traces() == before


def test_a_dry_run_shows_the_change_and_leaves_only_a_record(
    pending: Order, enter: Enter
) -> None:
    before, actor = traces(), enter()
    entries = AuditEntry.objects.count()
    shown = cancel(actor, pending, key="", dry_run=True).result
    assert {(c["field"], c["before"], c["after"]) for c in shown["changes"]} == {
        ("state", "pending", "cancelled"),
        ("cancel_reason", "", "ordered_by_mistake"),
    }
    assert [event["name"] for event in shown["events"]] == [
        "storefront.order_cancelled"
    ]
    assert traces() == before
    assert AuditEntry.objects.count() == entries + 1
    assert last_entry().outcome == "rehearsed"


def test_denied_calls_change_nothing(
    orders: list[Order], pending: Order, grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[3], orders[1])
    grant(CANCEL, orders[1])
    actor, before = enter(), traces()
    calls: list[tuple[Actor, dict[str, Any], type[PaybillError]]] = [
        (actor, {"id": orders[0].public_id, **MISTAKE}, NotFound),  # not readable
        (actor, {"id": orders[3].public_id, **MISTAKE}, Forbidden),  # not cancellable
        (actor, {"id": orders[1].public_id, **MISTAKE}, IllegalMove),  # on its way
        (actor, {"id": pending.public_id, "reason": "bored"}, Invalid),
        (actor, {"id": pending.public_id}, Invalid),
        (actor, {**MISTAKE}, Invalid),
        (actor, {"id": pending.public_id, **MISTAKE, "force": True}, Invalid),
        (enter(READ), {"id": pending.public_id, **MISTAKE}, PaybillError),  # scope
    ]
    for number, (who, arguments, refused) in enumerate(calls):
        for dry_run in (False, True):
            with pytest.raises(refused):
                call(who, "cancel_order", arguments, key=f"d{number}", dry_run=dry_run)
            assert last_entry().outcome == "denied"
    assert traces() == before


def test_twenty_at_once_have_one_effect(
    committed: None, pending: Order, enter: Enter, in_a: Place
) -> None:
    actor = enter()
    items = [(i.variant_id, i.quantity) for i in pending.items.all()]
    stock = {v: Variant.objects.get(pk=v).stock for v, _ in items}

    def once(_: int) -> Answer:
        try:
            with plane(in_a):
                return cancel(actor, pending)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(once, range(20)))
    assert sum(not answer.repeated for answer in answers) == 1
    assert len({str(answer.result) for answer in answers}) == 1
    for variant, quantity in items:
        before = stock[variant]
        assert before is not None, "of this variant nothing is counted"
        assert Variant.objects.get(pk=variant).stock == before + quantity
    assert OutboxEvent.objects.filter(name="storefront.order_cancelled").count() == 2
