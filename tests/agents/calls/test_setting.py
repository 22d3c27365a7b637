"""People set limits, bindings and addresses, and see how much is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agents.actions.bindings import (
    AddBinding,
    AllowAddress,
    ForbidAddress,
    RemoveBinding,
)
from agents.actions.limits import AddLimit, ChangeLimit, RemoveLimit
from agents.admin.limits import bars
from agents.limits import standing, terms
from agents.models import Agent, Binding, EgressEntry, Limit, LimitUse
from examples.storefront.models import Product
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from tests.agents.calls.conftest import SetLimit
from tests.agents.calls.test_limits import note
from tests.agents.conftest import Enter

VERBS = (
    "add_limit", "change_limit", "delete_limit", "view_limit", "add_binding",
    "delete_binding", "view_binding", "add_egressentry", "delete_egressentry",
    "view_egressentry",
)  # fmt: skip
REASONS = {"tool": "cancel_order", "argument": "reason", "kind": "listed"}


@pytest.fixture
def keeper(shopkeeper: Actor) -> Actor:
    more = {f"agents.{name}" for name in VERBS}
    return replace(shopkeeper, grants=shopkeeper.grants | more)


def test_a_limit_is_added_changed_and_removed(
    helper: Agent, keeper: Actor, enter: Enter
) -> None:
    asked = {"agent": helper.public_id, "measure": "calls", "most": 5, "window": 60}
    limit = perform(AddLimit, None, asked, actor=keeper).result
    (held,) = terms.of(enter()).ceilings
    assert (held.id, held.most, held.version) == (limit.public_id, 5, 1)
    perform(ChangeLimit, limit, {"most": 9}, actor=keeper)
    (held,) = terms.of(enter()).ceilings
    assert (held.most, held.version) == (9, 2)
    perform(RemoveLimit, limit, {}, actor=keeper)
    assert terms.of(enter()).ceilings == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "amount"},
        {"measure": "amount", "currency": "EUR", "tool": "list_orders"},
        {"measure": "amount", "currency": "EUR", "tool": "modify_order_address"},
        {"measure": "amount", "currency": "EUR", "tool": "start_cancellation"},
        {"measure": "calls", "currency": "EUR"},
        {"measure": "calls", "tool": "no_tool"},
        {"measure": "calls", "workflow": "storefront.nothing"},
        {"measure": "calls", "per": "call"},
        {"measure": "rows", "per": "call", "window": 5},
        {"measure": "calls", "agent": "agt_" + 26 * "0", "role": "rol_" + 26 * "0"},
    ],
)
def test_a_limit_that_would_count_nothing_is_refused(
    wrong: dict[str, Any], licensed: Any, keeper: Actor
) -> None:
    with pytest.raises(Invalid):
        perform(AddLimit, None, {"most": 1, **wrong}, actor=keeper)
    assert not Limit.objects.exists()


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"tool": "cancel_pending_order"},
        {"tool": "modify_order_items"},
        {"workflow": "storefront.cancellation"},
    ],
)
def test_a_limit_of_amounts_is_for_what_tells_them(
    where: dict[str, Any], licensed: Any, keeper: Actor
) -> None:
    asked = {"measure": "amount", "currency": "EUR", "most": 1, **where}
    perform(AddLimit, None, asked, actor=keeper)
    assert Limit.objects.get().most == 1


def test_nobody_sets_limits_for_an_agent_that_is_not_theirs_to_see(
    helper: Agent, keeper: Actor
) -> None:
    asked = {"agent": helper.public_id, "measure": "calls", "most": 5}
    blind = replace(keeper, grants=keeper.grants - {"agents.view_agent"})
    with pytest.raises(NotFound):
        perform(AddLimit, None, asked, actor=blind)
    looking = replace(keeper, grants=frozenset({"agents.view_agent"}))
    with pytest.raises(Forbidden):
        perform(AddLimit, None, asked, actor=looking)


def test_a_binding_is_added_and_removed(
    helper: Agent, keeper: Actor, enter: Enter
) -> None:
    asked = {"agent": helper.public_id, **REASONS, "value": ["ordered_by_mistake"]}
    binding = perform(AddBinding, None, asked, actor=keeper).result
    (bound,) = terms.of(enter()).bounds["cancel_order"]
    assert bound.value == ["ordered_by_mistake"]
    perform(RemoveBinding, binding, {}, actor=keeper)
    assert terms.of(enter()).bounds == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tool": "no_tool"},
        {"argument": "nothing"},
        {"value": "one"},
        {"value": []},
        {"kind": "fixed", "value": ["a"]},
        {"kind": "fixed", "value": {"elsewhere": "x"}},
        {"kind": "at_most", "value": "many"},
        {"kind": "at_least", "value": True},
    ],
)
def test_a_binding_that_would_fit_nothing_is_refused(
    wrong: dict[str, Any], helper: Agent, keeper: Actor
) -> None:
    asked = {"agent": helper.public_id, **REASONS, "value": ["x"], **wrong}
    with pytest.raises(Invalid):
        perform(AddBinding, None, asked, actor=keeper)
    assert not Binding.objects.exists()


def test_an_address_is_listed_once_in_its_ascii_form(
    helper: Agent, keeper: Actor, enter: Enter
) -> None:
    entry = perform(
        AllowAddress, None, {"address": "@Bücher.example"}, actor=keeper
    ).result
    assert terms.of(enter()).egress == {"@xn--bcher-kva.example"}
    again = {"address": "@xn--bcher-kva.example"}
    with pytest.raises(Conflict):
        perform(AllowAddress, None, again, actor=keeper)
    with pytest.raises(Invalid):
        perform(AllowAddress, None, {"address": "10.0.0.1"}, actor=keeper)
    perform(ForbidAddress, entry, {}, actor=keeper)
    assert not EgressEntry.objects.exists()


def test_what_is_used_is_shown_with_its_end(
    worker: Actor, chair: Product, limited: SetLimit, helper: Agent
) -> None:
    limited(4, window=3600)
    limited(1, tool="note")
    LimitUse.objects.create(
        limit=limited(2, tool="stock", window=60), subject="agt_of_somebody_else",
        starts_at="2026-01-01T00:00:00Z", used=2,
    )  # fmt: skip
    note(worker, chair, "a")
    first, second, third = standing.of(helper)
    assert (first.used, first.percent, first.tone) == (1, 100, "over")
    assert (second.used, second.percent, second.tone) == (1, 25, "")
    assert (third.used, third.tone) == (0, "")
    page = bars(helper)
    assert 'value="25"' in page
    assert "never resets" in page


def test_an_agent_without_limits_says_so(helper: Agent) -> None:
    assert "No limit holds" in bars(helper)
