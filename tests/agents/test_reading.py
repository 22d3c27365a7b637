"""What an agent can find out, and what it can not."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import Group
from django.db import ProgrammingError
from django.db.utils import InternalError
from guardian.shortcuts import assign_perm

from agents.dispatch import call
from agents.models import Agent
from agents.tools.catalogue import tools_here
from examples.storefront.models import Order, OrderItem
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid, NotFound, PaybillError
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import Place, atomic, cursor, plane
from tests.agents.conftest import CANCEL, READ, Enter, Grant, last_entry

SEE_CUSTOMER = "storefront.view_customer"
NOWHERE = "ord_00000000000000000000000000"


def listed(actor: Actor, **asked: Any) -> list[str]:
    """Ids of the orders that the agent is shown."""
    return [row["id"] for row in call(actor, "list_orders", asked).result["rows"]]


def test_an_agent_sees_the_orders_that_it_was_granted(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0], orders[2])
    assert set(listed(enter())) == {orders[0].public_id, orders[2].public_id}


def test_a_grant_on_everything_shows_what_comes_later(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    assert len(listed(enter())) == len(orders)


@pytest.mark.parametrize("tool", ["get_order", "list_orders", "count_orders"])
def test_answers_fit_the_schema_that_was_announced(
    tool: str, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    for order in orders:
        arguments = {"id": order.public_id} if tool == "get_order" else {}
        result = call(enter(), tool, arguments).result
        schema = tools_here()[tool].described()["outputSchema"]
        judge = jsonschema.Draft202012Validator(schema)
        assert list(judge.iter_errors(result)) == []


def test_an_order_comes_with_its_items(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0])
    shown = call(enter(), "get_order", {"id": orders[0].public_id}).result
    assert [(i["name"], i["quantity"]) for i in shown["items"]] == [
        ("Desk lamp, Standard", 1),
        ("Notebook, Standard", 3),
    ]


def test_a_reference_to_a_row_that_may_not_be_seen_tells_nothing(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    grant(SEE_CUSTOMER, orders[0].customer)
    actor = enter(READ, SEE_CUSTOMER)
    shown = {
        row["id"]: row["customer"]
        for row in call(actor, "list_orders", {}).result["rows"]
    }
    seen = orders[0].customer
    for order in orders:
        its = seen.public_id if order.customer_id == seen.pk else None
        assert shown[order.public_id] == its
        assert call(actor, "get_order", {"id": order.public_id}).result["customer"] == (
            its
        )
    assert set(listed(actor, customer=seen.public_id)) == {
        order.public_id for order in orders if order.customer_id == seen.pk
    }
    hidden = next(o.customer for o in orders if o.customer_id != seen.pk)
    assert listed(actor, customer=hidden.public_id) == []
    assert set(shown.values()) - {None}
    # The scope counts as much as the grant.
    rows = call(enter(READ), "list_orders", {}).result["rows"]
    assert {row["customer"] for row in rows} == {None}


def test_what_may_not_be_read_answers_as_what_is_not_there(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0])
    actor, said = enter(), []
    for wanted in (orders[1].public_id, NOWHERE):
        with pytest.raises(NotFound) as refusal:
            call(actor, "get_order", {"id": wanted})
        said.append(refusal.value.problem())
    assert said[0] == said[1]


def test_filters_counts_and_orders_tell_nothing_about_hidden_rows(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ, orders[0])
    actor, hidden = enter(), orders[2]
    asked: list[dict[str, Any]] = [
        {"state": hidden.state},
        {"customer": hidden.customer.public_id},
        {
            "total_minor__gte": hidden.total_minor,
            "total_minor__lte": hidden.total_minor,
        },
        {"placed_at__gte": hidden.placed_at.isoformat()},
    ]
    for filters in asked:
        assert listed(actor, **filters) == []
        assert call(actor, "count_orders", filters).result == {
            "count": 0,
            "more": False,
        }
    assert listed(actor, order="total_minor") == [orders[0].public_id]


@pytest.mark.parametrize(
    "order", ["id", "-id", "placed_at", "-placed_at", "total_minor"]
)
def test_pages_hold_every_row_once(
    order: str, orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    actor, seen, asked = enter(), [], {"order": order, "limit": 2}
    while True:
        page = call(actor, "list_orders", asked).result
        seen += [row["id"] for row in page["rows"]]
        if page["next"] is None:
            break
        asked = {**asked, "cursor": page["next"]}
    assert seen == listed(actor, order=order)
    assert len(seen) == len(set(seen)) == len(orders)


def test_a_cursor_is_good_for_its_own_question_only(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    actor = enter()
    cursor_ = call(actor, "list_orders", {"limit": 1}).result["next"]
    for asked in (
        {"cursor": cursor_, "state": "pending"},
        {"cursor": cursor_[:-2]},
        {"cursor": "x"},
    ):
        with pytest.raises(Invalid, match="cursor"):
            call(actor, "list_orders", asked)


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "lost"},
        {"state": None},
        {"limit": 0},
        {"limit": 101},
        {"limit": "5"},
        {"order": "city"},
        {"customer__email": "ada@example.com"},
        {"placed_at__gte": "yesterday"},
        {"placed_at__gte": "0001-01-01T00:00:00+14:00"},
        {"total_minor__gte": 2**63},
        {"state__in": []},
        {"customer": "cus_\x00"},
        {"customer": "\ud800"},
        {"\x00": 1},
    ],
)
def test_a_question_that_does_not_fit_is_refused(
    asked: dict[str, Any], orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    with pytest.raises(Invalid):
        call(enter(), "list_orders", asked)
    assert '"rule":"schema"' in last_entry(outcome="denied").body


def test_search_looks_into_readable_fields(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant("storefront.view_customer")
    actor = enter("storefront.view_customer")
    found = call(actor, "list_customers", {"search": "lindq"}).result["rows"]
    assert [row["name"] for row in found] == ["Ada Lindqvist"]


def test_there_is_no_answer_without_a_record(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    actor = enter()
    before = AuditEntry.objects.count()
    call(actor, "list_orders", {"state": "pending"})
    entry = last_entry()
    assert AuditEntry.objects.count() == before + 1
    assert (entry.action, entry.outcome) == ("storefront.list_orders", "read")
    assert '"state":"pending"' in entry.body


@pytest.mark.parametrize(
    ("tool", "scopes", "rule"),
    [
        ("list_orders", (CANCEL,), "scope"),
        ("list_products", ("storefront.view_product",), "permission"),
        ("delete_everything", (READ,), "tool"),
        ("no\x00name", (READ,), "tool"),
    ],
)
def test_a_denial_says_why_and_is_on_record(
    tool: str,
    scopes: tuple[str, ...],
    rule: str,
    orders: list[Order],
    grant: Grant,
    enter: Enter,
) -> None:
    grant(READ)
    with pytest.raises(PaybillError) as refusal:
        call(enter(*scopes), tool, {})
    assert refusal.value.members["rule"] == rule
    assert f'"rule":"{rule}"' in last_entry(outcome="denied").body


def test_a_group_of_the_agent_counts_too(
    orders: list[Order], helper: Agent, enter: Enter
) -> None:
    group = Group.objects.create(name="readers")
    helper.principal.groups.add(group)
    assign_perm(READ, group, orders[1])
    assert listed(enter()) == [orders[1].public_id]


def test_the_agents_role_reads_declared_columns_and_writes_nothing(
    orders: list[Order], in_a: Place
) -> None:
    assert OrderItem.objects.exists()
    refused = (
        "SELECT email FROM accounts_user",
        "SELECT digest FROM agents_agenttoken",
        "SELECT body FROM kernel_auditentry",
        "SELECT stock FROM storefront_variant FOR UPDATE",
        "UPDATE storefront_order SET state = 'cancelled'",
        "DELETE FROM storefront_order",
        "INSERT INTO storefront_refund DEFAULT VALUES",
    )
    for statement in refused:
        with (
            pytest.raises(
                (ProgrammingError, InternalError), match=r"permission|read-only"
            ),
            plane(in_a, role="agent"),
            atomic(),
            cursor() as sql,
        ):
            sql.execute(statement)
    with plane(in_a, role="agent"), atomic(read_only=True), cursor() as sql:
        sql.execute("SELECT count(state) FROM storefront_order")
        assert sql.fetchone() == (0,), "nobody said who asks"
