"""The second wall: the database itself lets an agent read nothing it should not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connections
from django.db.utils import InternalError
from django.utils import timezone

from agents.access import walls
from agents.actions import RevokeToken, StopAgent
from agents.models import Agent, AgentToken, Delegation, Switch
from examples.storefront.actions import CancelOrder
from examples.storefront.models import Order, Product
from paybill_site.accounts.models import User
from paybill_site.kernel import planes
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import NotFound
from paybill_site.kernel.planes import Place, plane
from tests.agents.access.test_rules import PENDING, a_rule
from tests.agents.conftest import CANCEL, READ, Enter, Grant, issue

COUNT = "SELECT count(state) FROM storefront_order"


def asked(statement: str) -> Any:
    with planes.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def counted(actor: Actor) -> int:
    """How many orders the agent's role sees, whatever the query says."""
    with walls.enter(actor):
        return int(asked(COUNT))


def test_the_agents_role_sees_nothing_without_saying_which_agent(
    orders: list[Order], grant: Grant, enter: Enter, in_a: Place
) -> None:
    grant(READ)
    with plane(in_a, role="agent"), planes.atomic(read_only=True):
        assert asked(COUNT) == 0
        assert asked("SELECT count(id) FROM auth_permission") == 0
    assert counted(enter()) == len(orders)


def test_a_grant_on_one_row_opens_its_table_and_what_it_names(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    actor = enter(READ, "storefront.view_product")
    assert counted(actor) == 0
    grant("storefront.view_product", Product.objects.all()[0])
    with walls.enter(actor):
        assert asked("SELECT count(id) FROM storefront_product") > 1
        assert asked(COUNT) == 0
    grant(READ, orders[0])
    assert counted(actor) == len(orders)


def test_a_rule_opens_the_table_too(
    orders: list[Order], helper: Agent, enter: Enter
) -> None:
    actor = enter()
    rule = a_rule(helper, PENDING)
    assert counted(actor) == len(orders)
    type(rule).objects.update(state="shadow")
    assert counted(actor) == 0


@pytest.mark.parametrize(
    "what", ["stopped", "inactive", "revoked", "expired", "scope", "switch"]
)
def test_who_is_stopped_sees_nothing_at_the_next_statement(
    what: str, orders: list[Order], grant: Grant, shopkeeper: Actor, enter: Enter
) -> None:
    helper = grant(READ)
    actor = enter()
    assert counted(actor) == len(orders)
    tokens = AgentToken.objects.filter(public_id=walls.token_of(actor))
    if what == "stopped":
        perform(StopAgent, helper, actor=shopkeeper)
    elif what == "inactive":
        User.objects.filter(pk=helper.principal_id).update(is_active=False)
    elif what == "revoked":
        perform(RevokeToken, tokens.get(), actor=shopkeeper)
    elif what == "expired":
        tokens.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif what == "scope":
        tokens.update(scopes=[CANCEL])
    else:
        Switch.objects.create(name="agents", reason="fire", by=shopkeeper.id)
    assert counted(actor) == 0
    assert walls.readable(orders[0], actor) is False


@pytest.mark.parametrize(
    "said",
    [
        {"id": "agt_00000000000000000000000000"},
        {"id": "'; SET ROLE NONE; --"},
        {"via": ""},
        {"via": "session"},
        {"via": "key:{token}"},
        {"via": "token:"},
        {"via": "token:tok_00000000000000000000000000"},
    ],
)
def test_without_an_agent_and_its_own_token_there_is_nothing(
    said: dict[str, str], orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    actor = enter()
    assert counted(actor) == len(orders)
    token = walls.token_of(actor)
    names = {name: value.replace("{token}", token) for name, value in said.items()}
    actor = replace(actor, **names)  # type: ignore[arg-type]
    assert counted(actor) == 0
    assert walls.readable(orders[0], actor) is False
    assert walls.readable(None, actor) is False


def test_a_token_of_another_agent_opens_nothing(
    orders: list[Order], grant: Grant, enter: Enter, shopkeeper: Actor
) -> None:
    helper = grant(READ)
    actor = enter()
    other = Agent.objects.create(
        name="Other",
        owner="x",
        principal=User.objects.create_user("other@agents.invalid", kind="agent"),
    )
    token = issue(other, shopkeeper, READ)
    assert helper != other
    assert counted(replace(actor, via=f"token:{token.public_id}")) == 0


@pytest.mark.parametrize("gone", ["", "scope", "ended", "expired", "person"])
def test_who_acts_for_a_person_sees_rows_while_the_person_and_the_task_are_there(
    gone: str, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    helper, actor = grant(READ), enter()
    person = User.objects.create_user("olivia@example.com", name="Olivia")
    behind = Delegation.objects.create(
        person=person,
        agent=helper,
        scopes=[CANCEL] if gone == "scope" else [READ],
        expires_at=timezone.now() + timedelta(seconds=-1 if gone == "expired" else 60),
        revoked_at=timezone.now() if gone == "ended" else None,
    )
    tokens = AgentToken.objects.filter(public_id=walls.token_of(actor))
    tokens.update(delegation=behind)
    if gone == "person":
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert counted(actor) == (0 if gone else len(orders))


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT email FROM accounts_user",
        "SELECT digest FROM agents_agenttoken",
        "SELECT public_id FROM agents_switch",
        "SELECT body FROM kernel_auditentry",
        "SELECT stock FROM storefront_variant FOR UPDATE",
        "UPDATE storefront_order SET state = 'cancelled'",
        "DELETE FROM storefront_order",
        "INSERT INTO storefront_refund DEFAULT VALUES",
        "DROP POLICY paybill_agent ON storefront_order",
        "ALTER TABLE storefront_order DISABLE ROW LEVEL SECURITY",
        "SET TRANSACTION READ WRITE",
        "CREATE TEMP TABLE mine (id int)",
    ],
)
def test_the_agents_role_reads_declared_columns_and_writes_nothing(
    statement: str, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    wrong = r"permission denied|read-only|must be owner|read-write"
    with (
        pytest.raises((ProgrammingError, InternalError), match=wrong),
        walls.enter(enter()),
    ):
        asked(statement)
    assert Order.objects.filter(state="pending").count() == 2


def test_a_slow_query_is_stopped(grant: Grant, enter: Enter) -> None:
    actor = enter()
    with (
        pytest.raises(OperationalError, match="timeout"),
        walls.enter(actor, timeout="20ms"),
    ):
        asked("SELECT pg_sleep(5)")


def stand() -> tuple[str, ...]:
    names = ("role", "search_path", "transaction_read_only", "statement_timeout")
    return tuple(
        asked(f"SELECT coalesce(current_setting('{name}', true), '')")
        for name in (*names, "paybill.agent", "paybill.token")
    )


@pytest.mark.parametrize("how", ["well", "with an error", "with an error of SQL"])
def test_role_and_settings_are_gone_afterwards(
    how: str, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    actor, before = enter(), stand()
    assert before[0] == "ta_app"
    try:
        with walls.enter(actor):
            assert stand()[0] == "ta_agent"
            assert stand()[4] == actor.id
            if how != "well":
                asked("SELECT 1" if how == "with an error" else "SELECT nonsense")
                raise ValueError
    except (ValueError, ProgrammingError):
        pass
    assert stand() == before
    assert Order.objects.count() == len(orders)
    Order.objects.filter(pk=orders[0].pk).update(state="pending")


def test_the_next_tenant_on_the_same_connection_gets_nothing_of_it(
    committed: None, tenant_a: Place, tenant_b: Place
) -> None:
    stranger = Actor(kind="agent", id="agt_00000000000000000000000000")  # type: ignore[arg-type]
    with plane(tenant_a):
        before = stand()
        with walls.enter(stranger):
            assert stand()[0] == "ta_agent"
        with pytest.raises(ProgrammingError), walls.enter(stranger):
            asked("SELECT nonsense")
        session = connections["default"].connection
        assert stand() == before
    with plane(tenant_b):
        assert connections["default"].connection is session
        assert (
            stand()
            == tuple(name.replace("ta", "tb", 1) for name in before[:2]) + (before[2:])
        )
        with walls.enter(stranger):
            assert stand()[:2] == ("tb_agent", "tb")


def test_getting_behind_the_wall_is_one_message(
    committed: None, tenant_a: Place, django_assert_num_queries: Any
) -> None:
    """And one to begin, one to end: nothing is set back by hand."""
    stranger = Actor(kind="agent", id="agt_00000000000000000000000000")  # type: ignore[arg-type]
    with plane(tenant_a):
        asked("SELECT 1")
        connection: Any = connections["default"]
        sent: list[str] = []
        session = connection.connection
        execute = type(session).execute

        def heard(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
            sent.append(str(query))
            return execute(self, query, *args, **kwargs)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(session), "execute", heard)
            for _ in range(2):
                with walls.enter(stranger):
                    asked("SELECT 2")
            asked("SELECT 3")
        assert [query.startswith("SET LOCAL ROLE") for query in sent] == [True, True]


def test_an_agent_that_was_stopped_meanwhile_does_nothing(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    """It came in before; the wall is asked again in the action's transaction."""
    helper, pending = grant(READ), orders[2]
    grant(CANCEL)
    actor = enter()
    Agent.objects.filter(pk=helper.pk).update(state="stopped")
    with pytest.raises(NotFound) as refusal:
        perform(CancelOrder, pending, {"reason": "out_of_stock"}, actor=actor)
    assert refusal.value.members["rule"] == "wall"
    Agent.objects.filter(pk=helper.pk).update(state="active")
    perform(CancelOrder, pending, {"reason": "out_of_stock"}, actor=actor)
    pending.refresh_from_db()
    assert pending.state == "cancelled"
    assert stand()[4:] == ("", "")
