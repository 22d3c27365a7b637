"""Moves between states: by the table, once, with a trace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from examples.storefront.models import Customer, Order
from examples.storefront.states import CancelReason, OrderState
from paybill_site.kernel import acts, planes
from paybill_site.kernel.errors import Conflict, IllegalMove
from paybill_site.kernel.models import Transition
from paybill_site.kernel.planes import Place, plane
from paybill_site.kernel.states import Machine
from tests.kernel.verbs import SELLER, in_thread

machine = Machine(
    "order",
    {
        OrderState.PENDING: {OrderState.PROCESSED, OrderState.CANCELLED},
        OrderState.PROCESSED: {OrderState.DELIVERED},
        OrderState.DELIVERED: set(),
        OrderState.CANCELLED: set(),
    },
)


def make_order() -> Order:
    customer = Customer.objects.create(name="C", email="c@example.com")
    return Order.objects.create(customer=customer, currency="EUR", total_minor=1)


@pytest.fixture
def order(in_a: Place) -> Order:
    return make_order()


@pytest.fixture
def act() -> acts.Act:
    return acts.Act("tests.act", SELLER, reason="because")


def test_a_move_leaves_a_trace(order: Order, act: acts.Act) -> None:
    with acts.entered(act):
        machine.move(order, OrderState.PROCESSED)
    order.refresh_from_db()
    assert order.state == OrderState.PROCESSED
    trace = Transition.objects.get()
    assert (trace.old, trace.new, trace.reason) == ("pending", "processed", "because")
    assert (trace.actor, trace.target) == (
        SELLER.id,
        f"storefront.order:{order.public_id}",
    )


def test_a_move_sets_what_goes_with_it(order: Order, act: acts.Act) -> None:
    why = CancelReason.ORDERED_BY_MISTAKE
    with acts.entered(act):
        machine.move(order, OrderState.CANCELLED, cancel_reason=why, return_items=["a"])
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, why)
    assert order.return_items == ["a"]


def test_a_move_that_is_not_in_the_table_names_both_states(
    order: Order, act: acts.Act
) -> None:
    with acts.entered(act), pytest.raises(IllegalMove, match=r"pending.*delivered"):
        machine.move(order, OrderState.DELIVERED)
    assert not Transition.objects.exists()


def test_somebody_who_looked_too_early_is_told(order: Order, act: acts.Act) -> None:
    Order.objects.update(state=OrderState.CANCELLED)
    with acts.entered(act), pytest.raises(Conflict, match="no longer pending"):
        machine.move(order, OrderState.PROCESSED)


def test_outside_an_action_nothing_moves(order: Order) -> None:
    with pytest.raises(acts.NoAct), planes.atomic():
        machine.move(order, OrderState.PROCESSED)
    order.refresh_from_db()
    assert order.state == OrderState.PENDING


def test_of_eight_at_once_one_wins(tenant_a: Place, committed: None) -> None:
    with plane(tenant_a):
        pk = make_order().pk

    def move() -> bool:
        row = Order.objects.get(pk=pk)
        row.state = OrderState.PENDING  # as all of them saw it
        try:
            with planes.atomic(), acts.entered(acts.Act("tests.act", SELLER)):
                machine.move(row, OrderState.PROCESSED)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        tasks = [pool.submit(in_thread, tenant_a, move) for _ in range(8)]
        assert sum(task.result() for task in tasks) == 1
    with plane(tenant_a):
        assert Transition.objects.count() == 1


def test_a_table_with_an_unknown_state_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        Machine("thing", {"here": {"nowhere"}})


def test_final_states_are_those_that_nothing_follows() -> None:
    assert machine.final == {OrderState.DELIVERED, OrderState.CANCELLED}
