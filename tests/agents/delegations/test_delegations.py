"""An agent acts for a person: with their rights at most, for a task, for a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.actions import Delegate, EndDelegation, IssueToken, OpenSession
from agents.auth import actor_of, again
from agents.models import Agent, AgentToken, Delegation
from examples.storefront.models import Order
from paybill_site.accounts.models import User
from paybill_site.kernel import actors
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import (
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
)
from paybill_site.kernel.planes import Place
from tests.agents.conftest import CANCEL, READ, Grant, last_entry
from tests.agents.people import enter, person


def asking(user: User) -> Actor:
    return actors.of_user(User.objects.get(pk=user.pk), via="session")


@pytest.fixture
def olivia(licensed: Place) -> User:
    return person("owner")


@pytest.fixture
def tariq(licensed: Place) -> User:
    return person("member")


def delegate(user: User, agent: Agent, *scopes: str, **more: Any) -> Delegation:
    data = {
        "agent": agent.public_id,
        "task": "Look after returns",
        "scopes": list(scopes or (READ, CANCEL)),
        **more,
    }
    done: Delegation = perform(Delegate, None, data, actor=asking(user)).result
    return done


def token(user: User, agent: Agent, given_: Delegation, *scopes: str) -> AgentToken:
    data = {
        "scopes": list(scopes or (READ, CANCEL)),
        "delegation": given_.public_id,
        "days": 365,
    }
    issued: AgentToken = perform(IssueToken, agent, data, actor=asking(user)).result
    return issued


def test_an_agent_has_at_most_what_the_person_has(
    olivia: User, helper: Agent, grant: Grant, orders: list[Order]
) -> None:
    grant(READ)
    grant(CANCEL)
    actor, _ = actor_of(token(olivia, helper, delegate(olivia, helper)).secret)
    assert actor.behalf is not None
    assert actor.behalf.id == olivia.public_id
    assert actor.may(CANCEL)
    olivia.groups.clear()
    olivia.user_permissions.add(Permission.objects.get(codename="view_order"))
    again_ = again(actor.via.split()[0].partition(":")[2])
    assert again_.may(READ)
    assert not again_.may(CANCEL)
    assert Order.objects.visible_to(again_).count() == 5
    assert not Order.objects.permitted(again_, CANCEL).exists()


def test_an_agent_has_at_most_what_it_was_granted_itself(
    olivia: User, helper: Agent, grant: Grant, orders: list[Order]
) -> None:
    grant(READ, orders[0])
    actor, _ = actor_of(token(olivia, helper, delegate(olivia, helper)).secret)
    assert list(Order.objects.visible_to(actor)) == [orders[0]]
    assert not Order.objects.permitted(actor, CANCEL).exists()


NAMES = (READ, CANCEL, "storefront.view_customer")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    held=st.sets(st.sampled_from(NAMES)),
    handed=st.sets(st.sampled_from(NAMES), min_size=1),
    granted=st.sets(st.sampled_from(NAMES)),
)
def test_what_is_effective_is_what_all_three_have(
    held: set[str],
    handed: set[str],
    granted: set[str],
    olivia: User,
    helper: Agent,
    shopkeeper: Actor,
) -> None:
    given_ = delegate(olivia, helper, *sorted(handed))
    issued = token(olivia, helper, given_, *sorted(handed))
    _set(helper.principal, granted)
    saved = list(olivia.groups.all())
    olivia.groups.clear()
    _set(olivia, held)
    try:
        actor, _ = actor_of(issued.secret)
        assert {name for name in NAMES if actor.may(name)} == held & handed & granted
    finally:
        olivia.groups.set(saved)
        olivia.user_permissions.clear()


def _set(user: User, names: set[str]) -> None:
    codes = [name.partition(".")[2] for name in names]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))


def test_a_delegation_ends_at_its_time_and_its_tokens_with_it(
    olivia: User, helper: Agent
) -> None:
    given_ = delegate(olivia, helper, hours=1)
    issued = token(olivia, helper, given_)
    assert issued.expires_at == given_.expires_at
    Delegation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    AgentToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
    with pytest.raises(Unauthenticated):
        actor_of(issued.secret)
    entry = last_entry(action="agents.authenticate")
    assert '"rule":"delegation_expired"' in entry.body
    assert given_.public_id in entry.body


@pytest.mark.parametrize("hours", [0, 30 * 24 + 1])
def test_it_is_for_a_month_at_most(hours: int, olivia: User, helper: Agent) -> None:
    with pytest.raises(Invalid):
        delegate(olivia, helper, hours=hours)


def test_who_left_is_acted_for_no_more(olivia: User, helper: Agent) -> None:
    issued = token(olivia, helper, delegate(olivia, helper))
    actor_of(issued.secret)
    User.objects.filter(pk=olivia.pk).update(is_active=False)
    with pytest.raises(Unauthenticated):
        actor_of(issued.secret)


def test_nobody_takes_a_token_on_what_another_one_delegated(
    olivia: User, helper: Agent, licensed: Place
) -> None:
    given_ = delegate(olivia, helper)
    admin = person("admin")
    with pytest.raises(NotFound):
        token(admin, helper, given_)


def test_a_token_has_no_scope_that_was_not_delegated(
    olivia: User, helper: Agent
) -> None:
    given_ = delegate(olivia, helper, READ)
    with pytest.raises(Invalid):
        token(olivia, helper, given_, READ, CANCEL)
    issued = token(olivia, helper, given_, READ)
    # Nor later, when somebody wrote another one into the row.
    AgentToken.objects.update(scopes=[READ, CANCEL])
    assert actor_of(issued.secret)[0].scopes == frozenset({READ})


@pytest.mark.parametrize(
    "odd",
    [
        lambda actor: replace(actor, impersonator="usr_x"),
        lambda actor: replace(actor, behalf=actor),
        lambda actor: replace(actor, principal=None),
    ],
    ids=["an operator in their place", "an agent of theirs", "a program"],
)
def test_only_the_person_themselves_delegates(
    odd: Callable[[Actor], Actor], olivia: User, helper: Agent
) -> None:
    data = {"agent": helper.public_id, "task": "x", "scopes": [READ]}
    with pytest.raises(Forbidden):
        perform(Delegate, None, data, actor=odd(asking(olivia)))
    assert not Delegation.objects.exists()


def test_a_member_ends_their_own_and_finds_no_other(
    olivia: User, tariq: User, helper: Agent, licensed: Place
) -> None:
    hers = delegate(olivia, helper)
    his = Delegation.objects.create(
        agent=helper, person=tariq, task="x", scopes=[READ], expires_at=hers.expires_at
    )
    browser = enter(Client(headers={"host": "ta.localhost"}), tariq)
    page = browser.get("/assistants/")
    assert page.status_code == 200
    assert his.public_id in page.content.decode()
    assert hers.public_id not in page.content.decode()
    assert browser.post(f"/assistants/{hers.public_id}/end/").status_code == 404
    assert browser.post(f"/assistants/{his.public_id}/end/").status_code == 302
    his.refresh_from_db()
    hers.refresh_from_db()
    assert (his.status, hers.status) == ("ended", "active")
    assert not Delegation.objects.visible_to(asking(tariq)).filter(pk=hers.pk).exists()


def test_an_admin_sees_and_ends_what_acts_for_whom(
    olivia: User, helper: Agent, licensed: Place
) -> None:
    given_ = delegate(olivia, helper)
    admin = asking(person("admin"))
    assert given_ in Delegation.objects.visible_to(admin)
    perform(EndDelegation, given_, actor=admin)
    given_.refresh_from_db()
    assert given_.status == "ended"


def test_the_page_is_the_same_number_of_queries_however_many_there_are(
    olivia: User, helper: Agent, django_assert_max_num_queries: Any
) -> None:
    browser = enter(Client(headers={"host": "ta.localhost"}), olivia)
    for _ in range(12):
        delegate(olivia, helper)
    browser.get("/assistants/")
    with django_assert_max_num_queries(24):
        browser.get("/assistants/")


def test_a_session_is_short_and_can_not_be_changed(
    helper: Agent, shopkeeper: Actor
) -> None:
    data = {"scopes": [READ], "session": {"customer": "cus_1"}, "minutes": 5}
    opened = perform(OpenSession, helper, data, actor=shopkeeper).result
    assert opened.expires_at <= timezone.now() + timedelta(minutes=5)
    actor, _ = actor_of(opened.secret)
    assert actor.session == {"customer": "cus_1"}
    for wrong in ({}, {"Customer": "x"}, {"customer": ""}, {"customer": "x" * 201}):
        with pytest.raises(Invalid):
            perform(OpenSession, helper, {**data, "session": wrong}, actor=shopkeeper)


def test_coming_in_is_two_statements_and_a_person_costs_two_more(
    olivia: User,
    helper: Agent,
    grant: Grant,
    shopkeeper: Actor,
    django_assert_max_num_queries: Any,
) -> None:
    grant(READ)
    plain = perform(IssueToken, helper, {"scopes": [READ]}, actor=shopkeeper).result
    delegated = token(olivia, helper, delegate(olivia, helper))
    for issued, most in ((plain, 2), (delegated, 4)):
        actor_of(issued.secret)
        with django_assert_max_num_queries(most):
            actor_of(issued.secret)
