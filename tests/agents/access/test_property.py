"""Whatever was granted, and however: list, check, tool and database agree."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.access import grants, rules, walls
from agents.auth import actor_of
from agents.dispatch import call
from agents.models import Agent, Rule
from examples.storefront.models import Order
from paybill_site.accounts.models import User
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.errors import PaybillError
from tests.agents.access.test_rules import PENDING, a_rule
from tests.agents.conftest import READ, issue, last_entry

some = st.sets(st.sampled_from(range(5)))
ROLES = count()


@pytest.fixture
def role(helper: Agent) -> Group:
    group = Group.objects.create(name=f"role {next(ROLES)}")
    helper.principal.groups.add(group)
    return group


@pytest.fixture
def customer(orders: list[Order]) -> User:
    """A person of the plane, for whom the agent may act."""
    return User.objects.create_user("person@example.com", name="Person")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    own=some,
    shared=some,
    rule=st.booleans(),
    wide=st.booleans(),
    theirs=st.none() | some,
    scoped=st.booleans(),
    unread=st.booleans(),
    revoked=st.sampled_from(range(5)),
)
def test_list_check_tool_and_database_agree(  # noqa: PLR0917 - what is granted
    own: set[int],
    shared: set[int],
    rule: bool,
    wide: bool,
    theirs: set[int] | None,
    scoped: bool,
    unread: bool,
    revoked: int,
    helper: Agent,
    role: Group,
    customer: User,
    shopkeeper: Actor,
    orders: list[Order],
) -> None:
    try:
        grant(helper.principal, own, orders, shopkeeper)
        grant(role, shared, orders, shopkeeper)
        if theirs is not None:
            grant(customer, theirs, orders, shopkeeper)
        if rule:
            a_rule(helper, PENDING)
        if wide:
            grants.grant_all(role, READ, shopkeeper)
        scopes = READ if scoped else "storefront.cancel_order"
        actor = actor_of(issue(helper, shopkeeper, scopes).secret)[0]
        # Where the roles were not read before, the statement asks for them.
        actor = replace(actor, roles=None) if unread else actor
        actor = acting_for(actor, customer, theirs)

        def expected(own: set[int]) -> set[int]:
            held = own | shared | ({2, 3} if rule else set())
            held = set(range(5)) if wide else held
            held &= theirs if theirs is not None else held
            return held if scoped else set()

        assert seen(actor, orders) == expected(own)
        grants.revoke(helper.principal, READ, [orders[revoked].public_id])
        assert seen(actor, orders) == expected(own - {revoked})
    finally:
        put_back(helper, role, customer, orders)


def seen(actor: Actor, orders: list[Order]) -> set[int]:
    """The numbers of the orders that the agent sees; each way has to say the same."""
    ids = [order.public_id for order in orders]
    with walls.enter(actor):
        seen_first = set(
            Order.objects.visible_to(actor).values_list("public_id", flat=True)
        )
    rows = Order.objects.visible_to(actor)
    listed = {ids.index(row.public_id) for row in rows}
    checked = {n for n, one in enumerate(ids) if rows.filter(public_id=one).exists()}
    with walls.enter(actor):
        names = rows.values_list("public_id", flat=True)
        behind = {ids.index(name) for name in names}
    assert behind == {ids.index(name) for name in seen_first}
    assert listed == checked == behind == told(actor, ids)
    assert rows.count() == len(listed)
    parts = Order.objects.all().parts_visible_to(actor)
    assert listed == {ids.index(row.public_id) for part in parts for row in part}
    return listed


def told(actor: Actor, ids: list[str]) -> set[int]:
    """The same by the tools."""
    try:
        listed = paged(actor, "-id")
    except PaybillError:
        return set()
    assert paged(actor, "id") == listed[::-1]
    found = {ids.index(one) for one in listed}
    assert len(found) == len(listed)
    assert call(actor, "count_orders", {}).result["count"] == len(found)
    for number, one in enumerate(ids):
        try:
            call(actor, "get_order", {"id": one})
        except PaybillError:
            assert number not in found
        else:
            assert number in found
    return found


def paged(actor: Actor, order: str) -> list[str]:
    """What the tool lists, two rows a page."""
    asked, ids = {"order": order, "limit": 2}, list[str]()
    while True:
        page = call(actor, "list_orders", asked).result
        ids += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            return ids
        asked = {**asked, "cursor": page["next"]}


def acting_for(actor: Actor, person: User, theirs: set[int] | None) -> Actor:
    if theirs is None:
        return actor
    them = Actor(kind=Kind.PERSON, id=person.public_id, principal=person.pk)
    return replace(actor, behalf=them)


def grant(holder: Any, which: set[int], orders: list[Order], keeper: Actor) -> None:
    grants.grant(holder, READ, [orders[n].public_id for n in which], keeper)


def put_back(helper: Agent, role: Group, person: User, orders: list[Order]) -> None:
    ids = [order.public_id for order in orders]
    for holder in (helper.principal, role, person):
        grants.revoke(holder, READ, ids)
    grants.revoke_all(role, READ)
    Rule.objects.all().delete()


def test_nothing_that_is_told_depends_on_a_row_that_is_not_seen(
    helper: Agent, orders: list[Order], shopkeeper: Actor
) -> None:
    """With hidden rows, and with none: the same answers, word for word."""
    shown = orders[0]
    grants.grant(helper.principal, READ, [shown.public_id], shopkeeper)
    actor = actor_of(issue(helper, shopkeeper, READ).secret)[0]
    hidden = [order.public_id for order in orders[1:]]
    questions: list[tuple[str, dict[str, Any]]] = [
        ("list_orders", {}),
        ("list_orders", {"limit": 1}),
        ("list_orders", {"order": "total_minor"}),
        ("list_orders", {"state": "pending"}),
        ("list_orders", {"customer": orders[1].customer.public_id}),
        ("count_orders", {}),
        ("count_orders", {"state__in": ["pending", "processed"]}),
        *(("get_order", {"id": one}) for one in hidden),
    ]
    before = [answered(actor, *one) for one in questions]
    for order in orders[1:]:
        order.items.all().delete()
        order.delete()
    assert [answered(actor, *one) for one in questions] == before


def answered(actor: Actor, tool: str, arguments: dict[str, Any]) -> str:
    try:
        return json.dumps(call(actor, tool, arguments).result, default=str)
    except PaybillError as refusal:
        return json.dumps(refusal.problem(), default=str)


def test_a_revoked_rule_is_gone_with_the_next_call(
    helper: Agent, orders: list[Order], shopkeeper: Actor
) -> None:
    a_rule(helper, PENDING)
    secret = issue(helper, shopkeeper, READ).secret
    actor = actor_of(secret)[0]
    assert len(call(actor, "list_orders", {}).result["rows"]) == 2
    Rule.objects.update(state="off")
    # This one came in before: the wall does not open for it any more.
    assert call(actor, "list_orders", {}).result["rows"] == []
    again = actor_of(secret)[0]
    assert rules.used(again, READ) == []
    with pytest.raises(PaybillError):
        call(again, "list_orders", {})
    assert '"rule":"permission"' in last_entry(outcome="denied").body
