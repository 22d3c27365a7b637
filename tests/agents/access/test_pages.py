"""What people see of access: the matrix, why, who, and a rule before it is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from agents.access import grants, who, why
from agents.actions.roles import GrantToRole, PutInRole
from agents.models import Agent, Role, Rule
from agents.states import RuleState
from examples.storefront.models import Order
from paybill_site.accounts.models import User
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tests.agents.access.test_roles import keeper, readers  # noqa: F401
from tests.agents.access.test_rules import PENDING, a_rule
from tests.agents.conftest import CANCEL, READ, Grant, issue
from tests.agents.people import enter, person
from tests.cast import browser

MATRIX, TOUCHING = "/admin/agents/matrix/", "/admin/agents/touching/"


@pytest.fixture
def admin(licensed: object) -> Client:
    return enter(browser("ta.localhost"), person("owner"))


def text(client: Client, path: str, **asked: Any) -> str:
    answer = client.get(path, asked)
    assert answer.status_code == 200, answer
    return answer.content.decode()


def test_a_press_in_the_matrix_grants_and_the_next_one_takes_back(
    admin: Client, helper: Agent, orders: list[Order]
) -> None:
    one = orders[0].public_id
    asked = {"model": "storefront.order", "objects": one}
    for there in (one, ""):
        cell = {"holder": helper.public_id, "permission": READ, "object": there}
        admin.post(MATRIX, {**cell, "to": "grant"})
        assert grants.held(helper.principal_id) == [grants.Grant(READ, there)]
        assert "Held" in text(admin, MATRIX, **asked)
        admin.post(MATRIX, {**cell, "to": "revoke"})
        assert grants.held(helper.principal_id) == []


def test_the_matrix_says_what_was_refused_and_what_is_not_there(
    admin: Client, helper: Agent, orders: list[Order]
) -> None:
    nobody = "ord_00000000000000000000000000"
    shown = text(admin, MATRIX, model="storefront.order", objects=nobody)
    assert "1 of these objects is not there" in shown
    cell = {"holder": helper.public_id, "permission": "accounts.view_user"}
    answer = admin.post(MATRIX, {**cell, "to": "grant"}, follow=True)
    assert "can not be given to an agent" in answer.content.decode()
    assert admin.post(MATRIX, {**cell, "to": "steal"}).status_code == 404


@pytest.mark.parametrize("path", [MATRIX, TOUCHING, "/admin/agents/{}/can/"])
def test_who_may_not_see_agents_finds_no_such_page(path: str, helper: Agent) -> None:
    member = person("member")
    User.objects.filter(pk=member.pk).update(is_staff=True)
    client = enter(browser("ta.localhost"), member)
    assert client.get(path.format(helper.public_id)).status_code == 404


def test_pages_ask_the_database_the_same_number_of_times(
    admin: Client,
    helper: Agent,
    orders: list[Order],
    shopkeeper: Actor,
    grant: Grant,
    django_assert_max_num_queries: Any,
) -> None:
    paths = (
        f"/admin/agents/{helper.public_id}/can/",
        f"{MATRIX}?model=storefront.order&objects={orders[0].public_id}",
        f"{TOUCHING}?object={orders[0].public_id}",
    )
    a_rule(helper, PENDING)
    counts: list[list[int]] = []
    for _ in range(2):
        found = []
        for path in paths:
            admin.get(path)  # what is kept for some seconds is read now
            with django_assert_max_num_queries(60) as asked:
                admin.get(path)
            found.append(len(asked))
        counts.append(found)
        if len(counts) == 2:
            break
        grant(READ, *orders)
        grant(CANCEL)
        for number in range(3):
            a_rule(helper, PENDING)
            user = User.objects.create_user(f"a{number}@agents.invalid", kind="agent")
            Agent.objects.create(name=f"More {number}", owner="x", principal=user)
    assert counts[0] == counts[1]


def test_what_an_agent_can_do_comes_with_its_reasons(
    admin: Client,
    helper: Agent,
    readers: Role,  # noqa: F811
    keeper: Actor,  # noqa: F811
    grant: Grant,
    orders: list[Order],
) -> None:
    grant(READ, orders[0], orders[1])
    every = {"permission": CANCEL, "everything": True}
    perform(GrantToRole, readers, every, actor=keeper)
    perform(PutInRole, helper, {"role": readers.public_id}, actor=keeper)
    shadow = a_rule(helper, PENDING, state=RuleState.SHADOW)
    issue(helper, keeper, READ)
    found = {ability.tool.name: ability for ability in why.abilities(helper)}
    cancel = found["cancel_order"]
    assert [s.rows for s in cancel.sources[READ]] == ["2 objects", "state is pending"]
    assert cancel.sources[CANCEL] == [why.Source("role", "Readers", "every object")]
    assert (cancel.usable, cancel.tokens, found["get_order"].tokens) == (True, 0, 1)
    assert "list_products" not in found
    shown = text(admin, f"/admin/agents/{helper.public_id}/can/")
    assert "in shadow" in shown
    assert shadow.public_id in shown


def test_who_can_touch_an_object_is_told_with_the_reason(
    admin: Client,
    helper: Agent,
    readers: Role,  # noqa: F811
    keeper: Actor,  # noqa: F811
    grant: Grant,
    orders: list[Order],
) -> None:
    pending, other = orders[2], orders[0]
    a_rule(helper, PENDING)
    assert who.touching(other) == []
    one = who.touching(pending)[0]
    assert [s.kind for s in one.reasons[READ]] == ["rule"]
    grant(READ, other)
    perform(
        GrantToRole,
        readers,
        {"permission": CANCEL, "objects": [other.public_id]},
        actor=keeper,
    )
    perform(PutInRole, helper, {"role": readers.public_id}, actor=keeper)
    (touched,) = who.touching(other)
    assert touched.reasons[READ] == [why.Source("grant", "", "this object")]
    assert touched.reasons[CANCEL] == [why.Source("role", "Readers", "this object")]
    assert "Helper" in text(admin, TOUCHING, object=other.public_id)
    nowhere = text(admin, TOUCHING, object="ord_00000000000000000000000000")
    assert "There is no such object" in nowhere


def test_a_rule_is_shown_with_what_it_matches_before_it_is_kept(
    admin: Client, helper: Agent, orders: list[Order]
) -> None:
    add = "/admin/agents/rule/add/"
    given = {
        "agent": helper.public_id,
        "permission": READ,
        "conditions": '[{"field": "state", "lookup": "exact", "value": "pending"}]',
        "state": "shadow",
        "days": "0",
        "confirm": "yes",
    }
    first = admin.post(add, given)
    shown = first.content.decode()
    assert "2 rows that you may see" in shown
    assert orders[2].public_id in shown
    assert not Rule.objects.exists()
    seen = dict(first.context["carried"])
    admin.post(add, {**given, **seen, "days": "5"})  # not what was shown
    assert not Rule.objects.exists()
    admin.post(add, {**given, **seen})
    rule = Rule.objects.get()
    page = text(admin, f"/admin/agents/rule/{rule.pk}/change/")
    assert "2 rows that you may see" in page
    wrong = admin.post(add, {**given, "conditions": '[{"field": "x", "value": 1}]'})
    assert "names no readable field" in wrong.content.decode()
