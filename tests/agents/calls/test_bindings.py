"""Some arguments are decided before the agent asks; others are narrowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from hypothesis import given
from hypothesis import strategies as st

from agents.dispatch import call
from agents.errors import NotGranted
from agents.limits import bindings
from agents.limits.bindings import Bound
from agents.models import Agent, Binding
from agents.states import BindingKind
from agents.tools import offer
from examples.storefront.models import Product
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Invalid
from tests.agents.conftest import Enter

type Bind = Callable[..., Binding]


@pytest.fixture
def bind(helper: Agent) -> Bind:
    """``bind("tool", "argument", "kind", value)`` binds the helper's argument."""

    def to(tool: str, argument: str, kind: str, value: Any, **more: Any) -> Binding:
        holder = more or {"agent": helper}
        return Binding.objects.create(
            tool=tool, argument=argument, kind=kind, value=value, made_by="t", **holder
        )

    return to


def bound(kind: str, value: Any) -> Bound:
    return Bound("bnd_x", "t", "a", BindingKind(kind), value)


def test_those_of_the_agent_and_of_its_roles_hold(
    bind: Bind, helper: Agent, enter: Enter, django_assert_num_queries: Any
) -> None:
    role, other = (Group.objects.create(name=name) for name in ("shop", "else"))
    helper.principal.groups.add(role)
    bind("cancel_order", "reason", "listed", ["no_longer_needed"])
    bind("cancel_order", "reason", "listed", ["ordered_by_mistake"], role=role)
    bind("list_orders", "customer", "fixed", "cus_1", role=other)
    actor = enter()
    with django_assert_num_queries(1):
        found = bindings.of(actor)
    assert list(found) == ["cancel_order"]
    assert [b.argument for b in found["cancel_order"]] == ["reason", "reason"]
    with pytest.raises(NotGranted):  # nothing is on both lists
        bindings.check(found["cancel_order"], {"reason": "no_longer_needed"})


def test_a_value_comes_from_the_session(bind: Bind, enter: Enter) -> None:
    bind("list_orders", "customer", "fixed", {"session": "customer"})
    actor = enter()
    known = replace(actor, session={"customer": "cus_1"})
    found = bindings.of(known)["list_orders"]
    assert bindings.fill(found, {}) == {"customer": "cus_1"}
    silent = bindings.of(actor)["list_orders"]
    with pytest.raises(NotGranted) as refused:
        bindings.fill(silent, {})
    assert refused.value.members["rule"] == "binding:customer"


def test_what_is_fixed_can_not_be_said_not_even_right() -> None:
    bounds = [bound("fixed", "cus_1")]
    assert bindings.fixed(bounds) == {"a"}
    for said in ("cus_1", "cus_2"):
        with pytest.raises(Invalid) as refused:
            bindings.fill(bounds, {"a": said})
        assert refused.value.members["rule"] == "schema"


def test_a_stored_call_is_repeated_with_the_value_that_it_had() -> None:
    bounds = [bound("fixed", "cus_1")]
    assert bindings.fill(bounds, {"a": "cus_1"}, known=True) == {"a": "cus_1"}
    with pytest.raises(NotGranted):
        bindings.fill(bounds, {"a": "cus_2"}, known=True)


def test_two_that_fix_different_values_allow_nothing() -> None:
    with pytest.raises(NotGranted):
        bindings.fill([bound("fixed", 1), bound("fixed", 2)], {})


@pytest.mark.parametrize(
    ("kind", "value", "fits", "does_not"),
    [
        ("listed", ["x", "y"], ["x", ["x", "y"]], ["z", ["x", "z"], [], None, {}]),
        ("listed", [1], [1], [True, "1", 2]),
        ("at_most", 5, [5, -1, "5.0", [1, 5]], [6, "5.01", True, None, "x", [1, 6]]),
        ("at_least", 5, [5, 9], [4, "nan", "Infinity", None, []]),
        ("fixed", "x", ["x"], ["y", None, ["x"]]),
        ("listed", "xyz", [], ["x"]),
    ],
)
def test_what_fits(kind: str, value: Any, fits: list[Any], does_not: list[Any]) -> None:
    one = bound(kind, value)
    assert [v for v in fits if not bindings.allows(one, v)] == []
    assert [v for v in does_not if bindings.allows(one, v)] == []


VALUES = st.one_of(st.integers(-20, 20), st.lists(st.integers(-20, 20), max_size=3))
BOUNDS = st.lists(
    st.one_of(
        st.builds(bound, st.sampled_from(["at_most", "at_least"]), st.integers(-9, 9)),
        st.builds(bound, st.just("listed"), st.lists(st.integers(-9, 9), max_size=6)),
    ),
    max_size=4,
)


@given(BOUNDS, BOUNDS, VALUES)
def test_one_more_binding_never_allows_more(
    some: list[Bound], more: list[Bound], value: Any
) -> None:
    def allowed(bounds: list[Bound]) -> bool:
        return all(bindings.allows(one, value) for one in bounds)

    assert allowed(some + more) == (allowed(some) and allowed(more))
    if allowed([*some, bound("at_most", 3)]):
        assert all(v <= 3 for v in (value if isinstance(value, list) else [value]))


@pytest.mark.parametrize(("kind", "value"), [("listed", ["x"]), ("at_most", 5)])
def test_what_an_update_leaves_out_stays_as_it_is_and_fits(
    kind: str, value: Any, bind: Bind, worker: Actor, chair: Product
) -> None:
    bind("update_product", "description", kind, value)
    said = {"id": chair.public_id, "active": False}
    call(worker, "update_product", said, key="a")
    for wrong in ("y", "9"):
        asked = {**said, "description": wrong}
        with pytest.raises(NotGranted):
            call(worker, "update_product", asked, key="b")
    (tool,) = (t for t in offer.tools_for(worker) if t.name == "update_product")
    assert tool.described()["inputSchema"]["required"] == ["id"]
    chair.refresh_from_db()
    assert (chair.active, chair.description) == (False, "")


def test_a_filter_that_is_left_out_does_not_fit(
    bind: Bind, worker: Actor, chair: Product
) -> None:
    bind("list_products", "active", "listed", [True])
    with pytest.raises(NotGranted):
        call(worker, "list_products", {})


def test_nobody_s_bindings_are_those_of_somebody(bind: Bind, agent: Actor) -> None:
    bind("list_orders", "customer", "fixed", "cus_1")
    assert bindings.of(agent) == {}
