"""What one agent is offered: in pages, by few queries, with its arguments bound."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from guardian.shortcuts import assign_perm
from hypothesis import given
from hypothesis import strategies as st

from agents.limits.terms import Bound
from agents.models import Agent
from agents.states import BindingKind
from agents.tools import narrowing
from agents.tools.catalogue import tools_here
from agents.tools.offer import page, tools_for
from agents.tools.reading import answer
from examples.storefront.models import Order
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from tests.agents.conftest import CANCEL, READ, Enter, Grant
from tests.agents.tools.conftest import Allow, permissions


def asked(actor: Actor) -> int:
    """How many queries it takes to say what the agent is offered."""
    with CaptureQueriesContext(connection) as queries:
        tools_for(actor)
    return len(queries)


def test_two_queries_say_what_is_offered_whatever_was_granted(
    orders: list[Order], grant: Grant, helper: Agent, allow: Allow
) -> None:
    everything = sorted({tool.permission for tool in tools_here().values()})
    scopes = [name for name in everything if name.startswith("storefront.")]
    actor = allow(*scopes)
    helper.principal.user_permissions.clear()
    seen = {asked(actor)}
    for order in orders:
        grant(READ, order)
        grant(CANCEL, order)
        seen.add(asked(actor))
    role = Group.objects.create(name="readers")
    role.permissions.set(permissions(*scopes))
    helper.principal.groups.add(role)
    assign_perm(READ, role, orders[0])
    seen.add(asked(actor))
    assert max(seen) <= 2


def test_pages_hold_every_tool_once_in_the_order_of_names(everything: Actor) -> None:
    whole = [tool.name for tool in tools_for(everything)]
    found, cursor = [], ""
    while True:
        tools, cursor = page(everything, cursor, size=7)
        assert len(tools) <= 7
        found += [tool.name for tool in tools]
        if not cursor:
            break
    assert found == whole == sorted(whole)
    assert len(whole) > 20


def test_a_cursor_of_the_tools_is_its_agents_own(everything: Actor) -> None:
    _, cursor = page(everything, size=3)
    for bad in ("x", cursor[:-1], cursor + "a"):
        with pytest.raises(Invalid) as refusal:
            page(everything, bad)
        assert refusal.value.members["rule"] == "cursor"


def test_a_page_of_rows_takes_one_query_however_many_rows_there_are(
    orders: list[Order], grant: Grant, enter: Enter
) -> None:
    grant(READ)
    for order in orders[:3]:
        grant("storefront.view_customer", order.customer)
    actor = enter(READ, "storefront.view_customer")
    tool = tools_here()["list_orders"]
    # Numbers of permissions, and how many grants there are, are kept for a minute.
    answer(tool, tool.arguments(), actor)
    counted = []
    for limit in (1, 50):
        question = tool.arguments(limit=limit)  # type: ignore[call-arg]
        with CaptureQueriesContext(connection) as queries:
            answer(tool, question, actor)
        counted.append([q["sql"] for q in queries if "SELECT" in q["sql"][:10]])
    assert [len(selects) for selects in counted] == [1, 1]


class Taken:
    """A schema to narrow: ``amount`` in 0..100, ``state`` of three, ``ids`` a list."""

    schema = {
        "type": "object",
        "properties": {
            "amount": {"type": "integer", "minimum": 0, "maximum": 100, "default": 5},
            "state": {"type": "string", "enum": ["a", "b", "c"]},
            "ids": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["state"],
        "additionalProperties": False,
    }


def narrowed(*bounds: tuple[str, BindingKind, Any]) -> Any:
    return narrowing.narrowed(Taken.schema, [[*bound, False] for bound in bounds])


def test_a_fixed_argument_is_not_in_the_schema() -> None:
    schema = narrowed(("state", BindingKind.FIXED, None))
    assert "state" not in schema["properties"]
    assert schema["required"] == []


def test_what_is_left_out_counts_with_its_default_and_has_to_fit() -> None:
    below = narrowed(("amount", BindingKind.AT_MOST, 3))
    assert "amount" in below["required"]
    assert "amount" not in narrowed(("amount", BindingKind.AT_MOST, 9))["required"]
    listed = narrowed(("ids", BindingKind.LISTED, ["x"]))
    judge = jsonschema.Draft202012Validator(listed)
    assert judge.is_valid({"state": "a", "ids": ["x"]})
    for wrong in ({"state": "a"}, {"state": "a", "ids": []}):
        assert not judge.is_valid(wrong)
    assert not judge.is_valid({"state": "a", "ids": ["x", "y"]})


@given(
    kind=st.sampled_from([BindingKind.AT_MOST, BindingKind.AT_LEAST]),
    edges=st.lists(st.integers(-50, 150), min_size=1, max_size=3),
    amount=st.integers(-60, 160),
)
def test_bounds_only_narrow_and_all_of_them_hold(
    kind: BindingKind, edges: list[int], amount: int
) -> None:
    schema = narrowed(*[("amount", kind, edge) for edge in edges])
    fits = jsonschema.Draft202012Validator(schema).is_valid(
        {"state": "a", "amount": amount}
    )
    within = [
        amount <= edge if kind is BindingKind.AT_MOST else amount >= edge
        for edge in edges
    ]
    assert fits == (0 <= amount <= 100 and all(within))


def test_what_the_session_does_not_say_leaves_nothing_that_fits(
    everything: Actor,
) -> None:
    bound = Bound("bnd_x", "list_orders", "state", BindingKind.LISTED, None, True)
    tool = tools_here()["list_orders"].seen(frozenset(), (bound,))
    judge = jsonschema.Draft202012Validator(tool.described()["inputSchema"])
    assert not judge.is_valid({})
    assert not judge.is_valid({"state": "pending"})
    assert tool.digest() != tools_here()["list_orders"].digest()
