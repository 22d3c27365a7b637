"""Roles, the verbs of rules, and the switches."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

from agents.access import inforce, switches
from agents.access.handlers import carry
from agents.actions.access import (
    ActivateRule,
    AddRule,
    ReleaseSwitch,
    RetireRule,
    RevokeAllTokens,
    ShadowRule,
    ThrowSwitch,
)
from agents.actions.everywhere import ResumeEverywhere, StopEverywhere
from agents.actions.roles import (
    CreateRole,
    DropRole,
    GrantToRole,
    PutInRole,
    RevokeFromRole,
    TakeFromRole,
)
from agents.auth import actor_of
from agents.errors import NotGrantable
from agents.events import SwitchMoved
from agents.models import Agent, Role, Rule, Switch
from agents.states import RuleState
from examples.storefront.models import Order
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, system
from paybill_site.kernel.errors import (
    Conflict,
    Forbidden,
    IllegalMove,
    Invalid,
    NotFound,
    Unauthenticated,
)
from paybill_site.kernel.planes import CONTROL, Place, plane
from tests.agents.access.test_rules import PENDING
from tests.agents.access.test_walls import counted
from tests.agents.conftest import CANCEL, READ, Enter, issue, last_entry

RULES = ("add_rule", "view_rule", "activate_rule", "shadow_rule", "retire_rule")
ROLES = ("add_role", "view_role", "grant_role", "revoke_role", "delete_role")
SWITCHES = ("throw_switch", "release_switch", "view_switch")


@pytest.fixture
def keeper(shopkeeper: Actor) -> Actor:
    """The shopkeeper, who also answers for roles, rules and the switch."""
    more = {f"agents.{name}" for name in (*RULES, *ROLES, *SWITCHES)}
    return Actor(
        kind=shopkeeper.kind, id=shopkeeper.id, grants=shopkeeper.grants | more
    )


@pytest.fixture
def readers(keeper: Actor) -> Role:
    role: Role = perform(CreateRole, None, {"name": "Readers"}, actor=keeper).result
    return role


def put(agent: Agent, role: Role, keeper: Actor) -> None:
    perform(PutInRole, agent, {"role": role.public_id}, actor=keeper)


def visible(agent: Agent, keeper: Actor) -> set[int]:
    actor, _ = actor_of(issue(agent, keeper, READ).secret)
    return set(Order.objects.visible_to(actor).values_list("pk", flat=True))


def test_what_a_role_is_granted_its_agents_may_do(
    helper: Agent, keeper: Actor, readers: Role, orders: list[Order]
) -> None:
    one = {"permission": READ, "objects": [orders[0].public_id]}
    perform(GrantToRole, readers, one, actor=keeper)
    assert visible(helper, keeper) == set()
    put(helper, readers, keeper)
    assert visible(helper, keeper) == {orders[0].pk}
    every = {"permission": READ, "everything": True}
    perform(GrantToRole, readers, every, actor=keeper)
    assert len(visible(helper, keeper)) == len(orders)
    perform(RevokeFromRole, readers, every, actor=keeper)
    assert visible(helper, keeper) == {orders[0].pk}
    perform(TakeFromRole, helper, {"role": readers.public_id}, actor=keeper)
    assert visible(helper, keeper) == set()


def test_a_dropped_role_takes_its_grants_and_rules_along(
    helper: Agent, keeper: Actor, readers: Role, orders: list[Order]
) -> None:
    every = {"permission": READ, "everything": True}
    perform(GrantToRole, readers, every, actor=keeper)
    put(helper, readers, keeper)
    add_rule(keeper, role=readers.public_id)
    perform(DropRole, readers, actor=keeper, reason="over")
    assert visible(helper, keeper) == set()
    assert not Rule.objects.exists()
    assert not Group.objects.filter(name__startswith="agents:").exists()


@pytest.mark.parametrize("how", ["everything", "one", "rule"])
def test_nobody_gives_by_a_role_what_they_do_not_hold(
    how: str, helper: Agent, keeper: Actor, readers: Role, orders: list[Order]
) -> None:
    given = {"permission": CANCEL, "everything": how == "everything"}
    if how == "one":
        given["objects"] = [orders[0].public_id]
    if how == "rule":
        add_rule(keeper, role=readers.public_id, permission=CANCEL)
    else:
        perform(GrantToRole, readers, given, actor=keeper)
    clerk = keeper.narrowed(keeper.grants - {CANCEL})
    with pytest.raises(Forbidden, match="cancel_order"):
        put(helper, readers, clerk)
    assert not helper.principal.groups.exists()
    if how != "rule":
        with pytest.raises(Forbidden):
            perform(GrantToRole, readers, given, actor=clerk)


def test_a_role_of_people_is_no_role_of_agents(
    helper: Agent, keeper: Actor, licensed: Place
) -> None:
    Group.objects.create(name="owners")
    with pytest.raises(Invalid):
        perform(PutInRole, helper, {"role": "owners"}, actor=keeper)
    nobody = {"role": "rol_00000000000000000000000000"}
    with pytest.raises(NotFound):
        perform(PutInRole, helper, nobody, actor=keeper)


def add_rule(keeper: Actor, **fields: Any) -> Rule:
    data = {"permission": READ, "conditions": [PENDING], **fields}
    rule: Rule = perform(AddRule, None, data, actor=keeper).result
    return rule


def test_a_rule_begins_in_shadow_and_counts_its_versions(
    helper: Agent, keeper: Actor, orders: list[Order]
) -> None:
    rule = add_rule(keeper, agent=helper.public_id)
    assert (rule.state, rule.version) == (RuleState.SHADOW, 1)
    assert visible(helper, keeper) == set()
    perform(ActivateRule, rule, actor=keeper)
    assert len(visible(helper, keeper)) == 2
    found = inforce.of_principal(helper.principal_id, {}).rules.active[0]
    assert found.fact == f"{rule.public_id}@2"
    perform(ShadowRule, rule, actor=keeper)
    assert visible(helper, keeper) == set()
    perform(RetireRule, rule, actor=keeper)
    with pytest.raises(IllegalMove):
        perform(ActivateRule, rule, actor=keeper)
    rule.refresh_from_db()
    assert rule.version == 4


def test_a_rule_can_end_by_itself(
    helper: Agent, keeper: Actor, orders: list[Order]
) -> None:
    rule = add_rule(keeper, agent=helper.public_id, state="active", days=1)
    assert len(visible(helper, keeper)) == 2
    Rule.objects.filter(pk=rule.pk).update(expires_at=rule.created_at)
    assert visible(helper, keeper) == set()


@pytest.mark.parametrize("verb", [AddRule, ActivateRule])
def test_nobody_allows_by_a_rule_what_they_do_not_hold(
    verb: Any, helper: Agent, keeper: Actor, orders: list[Order]
) -> None:
    clerk = keeper.narrowed(keeper.grants - {READ})
    rule = add_rule(keeper, agent=helper.public_id)
    new = {
        "agent": helper.public_id,
        "permission": READ,
        "conditions": [PENDING],
    }
    target, data = (None, new) if verb is AddRule else (rule, {})
    with pytest.raises(Forbidden, match=READ):
        perform(verb, target, data, actor=clerk)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, Invalid),
        ({"agent": "agt_00000000000000000000000000"}, NotFound),
        ({"role": "rol_00000000000000000000000000"}, NotFound),
        ({"permission": "accounts.view_user"}, NotGrantable),
        ({"conditions": []}, Invalid),
        ({"conditions": [{**PENDING, "extra": 1}]}, Invalid),
        ({"conditions": [{**PENDING, "field": "password"}]}, Invalid),
        ({"conditions": [PENDING] * 11}, Invalid),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    fields: dict[str, Any], wrong: type[Exception], helper: Agent, keeper: Actor
) -> None:
    known = {"agent": helper.public_id} if fields and "role" not in fields else {}
    with pytest.raises(wrong):
        add_rule(keeper, **{**known, **fields})
    assert not Rule.objects.exists()


def test_revoking_all_tokens_is_one_act(
    helper: Agent, keeper: Actor, orders: list[Order]
) -> None:
    secrets = [issue(helper, keeper, READ).secret for _ in range(3)]
    perform(RevokeAllTokens, helper, actor=keeper)
    for secret in secrets:
        with pytest.raises(Unauthenticated):
            actor_of(secret)
    assert actor_of(issue(helper, keeper, READ).secret)


def test_the_switch_stops_every_agent_of_the_plane(
    helper: Agent, keeper: Actor, orders: list[Order], enter: Enter, grant: Any
) -> None:
    grant(READ)
    inside, secret = enter(), issue(helper, keeper, READ).secret
    thrown = perform(ThrowSwitch, None, {"reason": "fire"}, actor=keeper).result
    with pytest.raises(Conflict):
        perform(ThrowSwitch, None, {"reason": "again"}, actor=keeper)
    assert counted(inside) == 0
    with pytest.raises(Unauthenticated):
        actor_of(secret)
    assert '"rule":"switch"' in last_entry(outcome="denied").body
    perform(ReleaseSwitch, thrown, actor=keeper)
    assert counted(inside) == len(orders)
    assert actor_of(secret)


def test_the_installations_switch_reaches_every_tenant(
    control: Place, tenant_a: Place, tenant_b: Place
) -> None:
    operator = system("operator", *(f"agents.{name}" for name in SWITCHES))
    thrown = perform(
        StopEverywhere, None, {"reason": "fire"}, actor=operator, reason="fire"
    ).result
    for _ in range(2):  # a delivery may come twice
        carry(SwitchMoved(), "dlv")
    for place in (tenant_a, tenant_b):
        with plane(place):
            assert switches.thrown()
            mine = system("keeper", *(f"agents.{name}" for name in SWITCHES))
            with pytest.raises(Forbidden):
                perform(ReleaseSwitch, Switch.objects.get(), actor=mine)
            switches.throw(switches.HERE, "own", "keeper")
            with pytest.raises(Forbidden):
                perform(StopEverywhere, None, {"reason": "x"}, actor=mine)
    with plane(CONTROL):
        perform(ResumeEverywhere, thrown, actor=operator)
        carry(SwitchMoved(), "dlv")
    for place in (tenant_a, tenant_b):
        with plane(place):
            assert [row.name for row in Switch.objects.all()] == [switches.HERE]
