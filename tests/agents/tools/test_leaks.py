"""Related rows, parts and dry runs tell no more than reading the rows would."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.access import grants
from agents.dispatch import call
from agents.models import Agent
from agents.tools.catalogue import tools_here
from agents.tools.reading import answer
from examples.storefront.actions import CancelPendingOrder
from examples.storefront.models import Customer, Order
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.events import Event, emit, registry
from tests.agents.conftest import READ, Enter
from tests.agents.tools.conftest import SEE, Allow
from tests.agents.tools.world import World

VARIANTS, PRODUCTS = "storefront.view_variant", "storefront.view_product"
CANCEL_PENDING = "storefront.cancel_pending_order"
some_orders = st.sets(st.integers(0, 4))
some_customers = st.sets(st.integers(0, 2))


def told(actor: Actor, tool: str, **asked: Any) -> dict[str, Any]:
    """The answer of a reading tool, behind the second wall."""
    question = tools_here()[tool].arguments.model_validate(asked)
    return answer(tools_here()[tool], question, actor)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seen=some_orders, known=some_customers)
def test_whatever_is_granted_a_reference_shows_what_could_be_read(
    seen: set[int],
    known: set[int],
    helper: Agent,
    enter: Enter,
    shopkeeper: Actor,
    orders: list[Order],
) -> None:
    customers = list(Customer.objects.order_by("pk"))
    held: dict[str, list[Any]] = {
        READ: [orders[n] for n in seen],
        SEE: [customers[n] for n in known],
    }
    for permission, granted in held.items():
        ids = [row.public_id for row in granted]
        grants.grant(helper.principal, permission, ids, shopkeeper)
    actor = enter(READ, SEE)
    try:
        readable = {row["id"] for row in told(actor, "list_customers")["rows"]}
        assert readable == {customers[n].public_id for n in known}
        rows = told(actor, "list_orders")["rows"]
        assert {row["id"] for row in rows} == {orders[n].public_id for n in seen}
        true = {order.public_id: order.customer.public_id for order in orders}
        for row in rows:
            its = true[row["id"]]
            assert row["customer"] == (its if its in readable else None)
        for customer in customers:
            found = told(actor, "count_orders", customer=customer.public_id)["count"]
            named = [row for row in rows if row["customer"] == customer.public_id]
            assert found == len(named)
    finally:
        for permission, granted in held.items():
            ids = [row.public_id for row in granted]
            grants.revoke(helper.principal, permission, ids)


def test_parts_with_tools_of_their_own_are_seen_by_who_may_see_them(
    world: World, allow: Allow
) -> None:
    product = world.old.product.public_id
    every = world.old.product.variants.count()
    for held, number in (((PRODUCTS,), 0), ((PRODUCTS, VARIANTS), every)):
        shown = call(allow(*held), "get_product", {"id": product}).result
        assert len(shown["variants"]) == number


def test_what_an_order_is_made_of_is_seen_with_it_but_not_what_it_points_to(
    world: World, allow: Allow
) -> None:
    asked = {"id": world.pending().public_id}
    blind = call(allow(READ), "get_order", asked).result
    (item,) = blind["items"]
    (paid,) = blind["payments"]
    assert (item["variant"], item["product"], paid["method"]) == (None, None, None)
    assert (item["quantity"], paid["amount_minor"]) == (1, 2_450)
    whole = call(allow(READ, VARIANTS, PRODUCTS, SEE), "get_order", asked).result
    assert whole["items"][0]["variant"] == world.old.public_id
    # A customer's methods are seen by who sees the customer.
    assert whole["payments"][0]["method"] == world.card.public_id


def test_a_dry_run_tells_no_more_than_reading_would(world: World, allow: Allow) -> None:
    order, changed = world.pending(), {}
    actor = allow(READ, CANCEL_PENDING)
    run = call(actor, "start_cancellation", {"id": order.public_id}, key="s").result
    asked = {"run": run["id"], "reason": "ordered_by_mistake"}
    for held in ((), (VARIANTS, PRODUCTS)):
        actor = allow(READ, CANCEL_PENDING, *held)
        answered = call(actor, "cancel_pending_order", asked, dry_run=True).result
        changed[held] = answered["changes"]
        told_of = {change["row"] for change in changed[held]}
        assert f"storefront.order:{order.public_id}" in told_of
        assert "id" not in {change["field"] for change in changed[held]}
        methods = [c for c in changed[held] if c["field"] == "method"]
        assert {change["after"] for change in methods} <= {None}
    blind, seeing = changed.values()
    stock = f"storefront.variant:{world.old.public_id}"
    assert stock not in {change["row"] for change in blind}
    assert stock in {change["row"] for change in seeing}


class Guarded(Event):
    """An event that tells more than its order: what nobody declared for agents."""

    order: str
    customer: str
    email: str
    state: str


# Only this story knows of it.
del registry[Guarded.name]


def test_events_of_a_dry_run_tell_what_the_agent_knows_already(
    world: World, allow: Allow, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.pending()
    customer = order.customer
    told = Guarded(
        order=order.public_id,
        customer=customer.public_id,
        email=customer.email,
        state="cancelled",
    )
    run_it = CancelPendingOrder.run

    def telling(self: Any, target: Any, data: Any, *, actor: Any) -> Any:
        emit(told)
        return run_it(self, target, data, actor=actor)

    monkeypatch.setattr(CancelPendingOrder, "run", telling)
    actor = allow(READ, CANCEL_PENDING)
    run = call(actor, "start_cancellation", {"id": order.public_id}, key="s").result
    asked = {"run": run["id"], "reason": "ordered_by_mistake"}
    result = call(actor, "cancel_pending_order", asked, dry_run=True).result
    (event,) = [one for one in result["events"] if one["name"] == Guarded.name]
    assert event == {
        "name": Guarded.name,
        "order": order.public_id,
        "state": "cancelled",
    }


@pytest.mark.parametrize("tool", ["list_orders", "count_orders"])
def test_a_whole_call_that_reads_takes_few_statements(
    tool: str, world: World, allow: Allow
) -> None:
    actor = allow(READ, SEE)
    call(actor, tool, {})
    with CaptureQueriesContext(connection) as queries:
        call(actor, tool, {})
    said = [query["sql"] for query in queries]
    assert len(said) <= 14, "\n".join(said)
