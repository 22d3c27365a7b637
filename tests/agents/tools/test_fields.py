"""A field that this agent may not read or write does not exist for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.dispatch import call
from agents.models import Agent, EgressEntry, Limit
from agents.tools.offer import admitted, tools_for
from examples.storefront.models import Customer, Order
from paybill_site.kernel import actions, declarations
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.declarations import Declaration, ModelTools
from paybill_site.kernel.errors import Forbidden, Invalid, PaybillError, StaleVersion
from tests.agents.conftest import last_entry
from tests.agents.tools.conftest import CHANGE, SEE, SEE_EMAIL, WRITE_CITY, Allow


@pytest.fixture
def customer(orders: list[Order], customers: Declaration) -> Customer:
    return orders[0].customer


def update(actor: Actor, customer: Customer, key: str = "k", **said: Any) -> Any:
    arguments = {"id": customer.public_id, **said}
    return call(actor, "update_customer", arguments, key=key).result


def test_a_guarded_field_is_nowhere_for_who_may_not_read_it(
    customer: Customer, allow: Allow
) -> None:
    actor = allow(SEE)
    for tool in tools_for(actor):
        assert "email" not in json.dumps(tool.described()), tool.name
    rows = call(actor, "list_customers", {}).result["rows"]
    assert {"email"} & {name for row in rows for name in row} == set()
    assert "email" not in call(actor, "get_customer", {"id": customer.public_id}).result
    asked: list[dict[str, Any]] = [
        {"email": customer.email},
        {"order": "email"},
        {"order": "-email"},
    ]
    for question in asked:
        with pytest.raises(Invalid):
            call(actor, "list_customers", question)
    found = call(actor, "count_customers", {"search": "@example.com"}).result
    assert found == {"count": 0, "more": False}


def test_who_may_read_it_reads_filters_sorts_and_searches_by_it(
    customer: Customer, allow: Allow
) -> None:
    actor = allow(SEE, SEE_EMAIL)
    asked = {"email": customer.email, "order": "email", "search": "@example.com"}
    (row,) = call(actor, "list_customers", asked).result["rows"]
    assert row["email"] == customer.email
    # It stays out of the record, which is never erased.
    assert customer.email not in last_entry(outcome="read").body


def test_a_scope_that_is_missing_hides_the_field_as_well(
    customer: Customer, allow: Allow
) -> None:
    narrow = allow(SEE, SEE_EMAIL).narrowed(frozenset({SEE}))
    assert "email" not in call(narrow, "list_customers", {}).result["rows"][0]


def test_the_digest_on_record_is_that_of_the_schema_which_the_agent_got(
    customer: Customer, allow: Allow
) -> None:
    digests = {}
    for held in ((SEE,), (SEE, SEE_EMAIL)):
        actor = allow(*held)
        call(actor, "list_customers", {})
        digests[held] = admitted(actor, "list_customers").digest()
        assert digests[held] in last_entry(outcome="read").body
    assert len(set(digests.values())) == 2


def test_an_update_changes_what_was_said_and_nothing_else(
    customer: Customer, allow: Allow
) -> None:
    actor = allow(SEE, CHANGE)
    before = Customer.objects.filter(pk=customer.pk).values().get()
    assert update(actor, customer, name="Ada Byron") == {"id": customer.public_id}
    after = Customer.objects.filter(pk=customer.pk).values().get()
    assert after == {**before, "name": "Ada Byron"}
    entry = last_entry(action="storefront.update_customer")
    assert (entry.actor, entry.outcome) == (actor.id, "done")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"name": ""},
        {"name": None},
        {"name": "x" * 121},
        {"postcode": "1"},  # readable, not writable
        {"email": "ada@example.org"},  # not for this agent
        {"city": "Rome"},  # nor this one
        {"id": 5, "name": "x"},
    ],
)
def test_an_update_that_does_not_fit_changes_nothing(
    said: dict[str, Any], customer: Customer, allow: Allow
) -> None:
    actor = allow(SEE, CHANGE)
    before = list(Customer.objects.order_by("pk").values())
    arguments = {"id": customer.public_id, **said}
    with pytest.raises(PaybillError) as refusal:
        call(actor, "update_customer", arguments, key="k")
    assert refusal.value.members["rule"] == "schema"
    assert list(Customer.objects.order_by("pk").values()) == before


def test_a_field_is_written_by_who_holds_its_own_permission(
    customer: Customer, allow: Allow
) -> None:
    actor = allow(SEE, CHANGE, WRITE_CITY, SEE_EMAIL)
    EgressEntry.objects.create(address="@example.org", made_by="usr_x")
    update(actor, customer, city="Rome", email="ada@example.org")
    customer.refresh_from_db()
    assert (customer.city, customer.email) == ("Rome", "ada@example.org")
    entry = last_entry(action="storefront.update_customer")
    assert "ada@example.org" not in entry.body
    with pytest.raises(Invalid, match="email"):
        update(actor, customer, key="k2", email="no address")


def test_the_action_itself_refuses_a_field_whatever_the_door(
    customer: Customer, allow: Allow
) -> None:
    action = actions.registry["storefront.update_customer"]
    with pytest.raises(Forbidden) as refusal:
        perform(action, customer, {"city": "Rome"}, actor=allow(SEE, CHANGE))
    assert refusal.value.members["rule"] == "field"


def test_an_update_without_any_field_to_write_is_not_offered(
    customer: Customer, allow: Allow, customers: Declaration
) -> None:
    customers.guarded_writes = dict.fromkeys(customers.writable, WRITE_CITY)
    actor = allow(SEE, CHANGE)
    assert "update_customer" not in [tool.name for tool in tools_for(actor)]
    with pytest.raises(PaybillError) as refusal:
        update(actor, customer, name="x")
    assert refusal.value.members["rule"] == "permission"


def test_a_row_with_a_version_is_changed_at_the_version_that_was_seen(
    customers: Declaration, helper: Agent
) -> None:
    type(
        "LimitTools",
        (ModelTools,),
        {"model": Limit, "fields": ("note", "version"), "writable": ("note",)},
    )
    action = actions.registry["agents.update_limit"]
    limit = Limit.objects.create(agent=helper, measure="calls", most=5, made_by="x")
    names = frozenset({"agents.view_limit", "agents.change_limit"})
    actor = Actor(kind=Kind.PERSON, id="usr_x", grants=names)
    output = perform(action, limit, {"note": "a", "version": 1}, actor=actor).output
    assert output == {"id": limit.public_id, "version": 2}
    with pytest.raises(StaleVersion):
        perform(action, limit, {"note": "b", "version": 1}, actor=actor)
    with pytest.raises(Invalid):
        perform(action, limit, {"note": "b"}, actor=actor)
    limit.refresh_from_db()
    assert (limit.note, limit.version) == ("a", 2)
    assert Limit in declarations.registry
