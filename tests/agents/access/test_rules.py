"""Rules: what they match, for whom, and what they never match."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from agents.access import conditions, inforce, rules
from agents.models import Agent, Rule
from agents.states import RuleState
from examples.storefront.models import Order
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from tests.agents.conftest import READ, Enter

PENDING = {"field": "state", "lookup": "exact", "value": "pending"}


def a_rule(helper: Agent | None, *filters: dict[str, Any], **fields: Any) -> Rule:
    """A rule in the plane, without the action that makes one."""
    made: Rule = Rule.objects.create(
        agent=helper,
        conditions=list(filters),
        made_by="test",
        **{"permission": READ, "state": RuleState.ACTIVE, **fields},
    )
    return made


def seen(helper: Agent, **session: str) -> set[str]:
    """The orders that the agent sees by its rules alone."""
    actor = Actor(
        kind="agent",  # type: ignore[arg-type]
        id=helper.public_id,
        principal=helper.principal_id,
        rules=inforce.of_principal(helper.principal_id, session).rules,
    )
    rows = Order.objects.visible_to(actor)
    return {order.public_id for order in rows}


def test_a_rule_matches_what_its_filter_says_and_what_comes_later(
    helper: Agent, orders: list[Order]
) -> None:
    a_rule(helper, PENDING)
    pending = {order.public_id for order in orders if order.state == "pending"}
    assert seen(helper) == pending != set()
    Order.objects.filter(pk=orders[0].pk).update(state="pending")
    assert seen(helper) == {*pending, orders[0].public_id}


def test_conditions_hold_at_once_and_rules_add_up(
    helper: Agent, orders: list[Order]
) -> None:
    first = orders[0]
    customer = {
        "field": "customer",
        "lookup": "exact",
        "value": first.customer.public_id,
    }
    total = {"field": "total_minor", "lookup": "lt", "value": first.total_minor}
    a_rule(helper, customer, total)
    theirs = {o for o in orders if o.customer == first.customer}
    small = {o.public_id for o in theirs if o.total_minor < first.total_minor}
    assert seen(helper) == small
    a_rule(helper, PENDING)
    assert seen(helper) == small | {o.public_id for o in orders if o.state == "pending"}


def test_a_value_of_the_session_matches_nothing_without_it(
    helper: Agent, orders: list[Order]
) -> None:
    from_session = {"session": "customer"}
    a_rule(helper, {"field": "customer", "lookup": "exact", "value": from_session})
    first = orders[0].customer
    theirs = {o.public_id for o in orders if o.customer == first}
    assert seen(helper) == set()
    assert seen(helper, other=first.public_id) == set()
    assert seen(helper, customer="' OR true --") == set()
    assert seen(helper, customer=first.public_id) == theirs


def test_a_role_gives_its_rules_to_every_agent_in_it(
    helper: Agent, orders: list[Order]
) -> None:
    role = Group.objects.create(name="readers")
    a_rule(None, PENDING, role=role)
    assert seen(helper) == set()
    helper.principal.groups.add(role)
    assert len(seen(helper)) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"state": RuleState.SHADOW},
        {"state": RuleState.OFF},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"permission": "storefront.gone_order"},
        {"permission": "storefront.view_customer"},
    ],
)
def test_a_rule_that_is_not_in_force_gives_nothing(
    fields: dict[str, Any], helper: Agent, orders: list[Order]
) -> None:
    rule = a_rule(helper, PENDING)
    Rule.objects.filter(pk=rule.pk).update(**fields)
    assert seen(helper) == set()


@pytest.mark.parametrize(
    "kept",
    [
        [],
        [{"field": "gone", "lookup": "exact", "value": 1}],
        [{"field": "state", "lookup": "regex", "value": "."}],
        [{"field": "customer__email", "lookup": "exact", "value": "a@example.com"}],
        [{"field": "state"}],
        ["state"],
    ],
)
def test_a_filter_that_is_not_understood_matches_nothing(
    kept: list[Any], helper: Agent, orders: list[Order]
) -> None:
    a_rule(helper, *kept)
    assert seen(helper) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": "email", "lookup": "exact", "value": "x"},
        {"field": "id", "lookup": "exact", "value": 1},
        {"field": "state", "lookup": "contains", "value": "p"},
        {"field": "state", "lookup": "exact", "value": "lost"},
        {"field": "state", "lookup": "exact", "value": ["pending"]},
        {"field": "state", "lookup": "in", "value": "pending"},
        {"field": "state", "lookup": "in", "value": []},
        {"field": "state", "lookup": "in", "value": {"session": "state"}},
        {"field": "customer", "lookup": "exact", "value": 1},
        {"field": "customer", "lookup": "exact", "value": {"session": "a b"}},
        {"field": "customer", "lookup": "exact", "value": {"sql": "1"}},
        {"field": "total_minor", "lookup": "lt", "value": "5"},
        {"field": "total_minor", "lookup": "lt", "value": True},
        {"field": "placed_at", "lookup": "lt", "value": "yesterday"},
        {"field": None, "lookup": None},
        {"field": ["state"], "lookup": "exact", "value": "pending"},
    ],
)
def test_a_rule_is_refused_when_its_filter_does_not_fit(
    wrong: dict[str, Any], licensed: object
) -> None:
    with pytest.raises(Invalid) as refusal:
        conditions.checked(READ, [wrong])
    assert refusal.value.members["rule"] in {"field", "value"}


def test_rules_of_an_agent_come_in_one_query_and_are_named_in_the_audit(
    helper: Agent, orders: list[Order], enter: Enter, django_assert_num_queries: Any
) -> None:
    role = Group.objects.create(name="readers")
    helper.principal.groups.add(role)
    for number in range(10):
        a_rule(
            None if number % 2 else helper, PENDING, role=role if number % 2 else None
        )
    a_rule(helper, PENDING, state=RuleState.SHADOW)
    with django_assert_num_queries(1):
        found = inforce.of_principal(helper.principal_id, {}).rules
    assert (len(found.active), len(found.shadow), list(found)) == (10, 1, [READ])
    actor = replace(enter(), rules=found)
    assert len(rules.used(actor, READ)) == 10
    assert rules.used(actor, READ)[0] == f"{found.active[0].id}@1"
