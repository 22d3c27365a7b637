"""How much an agent may do: nothing more, however many calls come at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from agents.dispatch import call
from agents.limits.claims import begin
from agents.limits.forgetting import forget
from agents.models import Agent, Limit, LimitUse
from examples.storefront.models import Order, Product, Variant
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import LimitReached, PaybillError, TooMany
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import Place, plane
from tests.agents.calls.conftest import SetLimit
from tests.agents.conftest import READ, Enter, Grant, last_entry
from tests.races import at_once

HOUR = 3600


def note(actor: Actor, product: Product, key: str, text: str = "x", **more: Any) -> Any:
    arguments = {"id": product.public_id, "text": text}
    return call(actor, "note", arguments, key=key, **more)


def stock(actor: Actor, product: Product, key: str, **data: Any) -> Any:
    arguments = {"id": product.public_id, "pieces": 1, **data}
    return call(actor, "stock", arguments, key=key)


def used(limit: Limit) -> int:
    return sum(limit.uses.values_list("used", flat=True))


def test_at_the_limit_an_agent_is_told_which_how_much_and_until_when(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(2, window=HOUR)
    for key in ("a", "b"):
        note(worker, chair, key)
    with pytest.raises(TooMany) as refused:
        note(worker, chair, "c", text="too much")
    told = refused.value.members
    assert (told["rule"], told["limit"]) == ("limit:calls", limit.public_id)
    assert (told["used"], told["most"]) == (2, 2)
    resets = datetime.fromisoformat(told["resets_at"])
    assert resets == begin(HOUR, timezone.now()) + timedelta(seconds=HOUR)
    assert 0 < told["retry_after"] <= HOUR + 1
    chair.refresh_from_db()
    assert chair.description == "x"
    assert '"rule":"limit:calls"' in last_entry(outcome="denied").body
    assert used(limit) == 2


def test_the_next_window_is_free_again(
    worker: Actor, chair: Product, limited: SetLimit, monkeypatch: Any
) -> None:
    limited(1, window=HOUR)
    note(worker, chair, "a")
    later = timezone.now() + timedelta(seconds=HOUR)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert not note(worker, chair, "b").repeated


def test_a_limit_without_a_window_never_resets(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limited(1)
    note(worker, chair, "a")
    with pytest.raises(LimitReached) as refused:
        note(worker, chair, "b")
    assert refused.value.members["resets_at"] is None
    assert "retry_after" not in refused.value.members


def test_a_repeat_uses_nothing_and_a_refusal_neither(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(1)
    note(worker, chair, "a")
    assert note(worker, chair, "a").repeated  # at the limit, too
    with pytest.raises(PaybillError, match="number"):
        stock(worker, chair, "b", pieces=13)
    assert used(limit) == 1


def test_once_for_each_object(worker: Actor, chair: Product, limited: SetLimit) -> None:
    limited(1, per="object", tool="note")
    table = Product.objects.create(name="Table")
    for product in (chair, table):
        note(worker, product, product.name)
        with pytest.raises(LimitReached):
            note(worker, product, f"{product.name}-again")
    stock(worker, chair, "s")  # another tool


def test_different_objects_count_once_each(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(2, "objects", window=HOUR)
    others = [Product.objects.create(name=name) for name in ("Table", "Bed")]
    for key, product in enumerate((chair, others[0], chair, others[0])):
        note(worker, product, str(key))
    assert used(limit) == 2
    with pytest.raises(TooMany) as refused:
        note(worker, others[1], "z")
    assert refused.value.members["rule"] == "limit:objects"


def test_rows_that_are_changed_count(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(5, "rows", window=HOUR)
    stock(worker, chair, "a")  # three variants
    with pytest.raises(TooMany) as refused:
        stock(worker, chair, "b")
    assert refused.value.members["used"] == 3
    assert used(limit) == 3


def test_money_counts_as_the_effect_tells_it(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(1000, "amount", currency="EUR", window=HOUR)
    stock(worker, chair, "a", price=700)
    with pytest.raises(TooMany) as refused:
        stock(worker, chair, "b", price=301)
    assert refused.value.members["rule"] == "limit:amount"
    stock(worker, chair, "c", price=300)
    assert used(limit) == 1000


def test_a_currency_nobody_thought_of_is_no_way_around(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limited(1000, "amount", currency="USD")
    with pytest.raises(LimitReached, match="EUR"):
        stock(worker, chair, "a", price=1)


def test_one_call_may_move_only_so_much(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(500, "amount", currency="EUR", per="call")
    for key in ("a", "b"):
        stock(worker, chair, key, price=500)
    with pytest.raises(LimitReached):
        stock(worker, chair, "c", price=501)
    assert not limit.uses.exists()


def test_limits_of_roles_tokens_tools_and_everybody_hold_together(
    worker: Actor, chair: Product, limited: SetLimit, helper: Agent
) -> None:
    role = Group.objects.create(name="role")
    helper.principal.groups.add(role)
    found = [
        limited(9, agent=None, role=role),
        limited(9, agent=None),
        limited(9, per="token"),
        limited(9, per="tool"),
    ]
    other = limited(0, agent=None, role=Group.objects.create(name="else"))
    note(worker, chair, "a")
    subjects = [use.subject for use in LimitUse.objects.order_by("limit_id")]
    assert [used(limit) for limit in (*found, other)] == [1, 1, 1, 1, 0]
    assert subjects == [worker.id, worker.id, worker.via, "tool:note"]


def test_a_shadow_limit_is_counted_and_noted_and_refuses_nothing(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limit = limited(1, shadow=True)
    for key in ("a", "b"):
        note(worker, chair, key)
    assert used(limit) == 2
    entry = last_entry(action="storefront.note")
    assert (
        f'"shadow_limits":[{{"id":"{limit.public_id}","most":1,"n":1,"used":2'
        in entry.body
    )


def test_windows_that_are_over_are_forgotten_and_what_is_for_ever_stays(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    limits = [limited(9, window=HOUR), limited(9, "objects", window=HOUR), limited(9)]
    note(worker, chair, "a")
    now = timezone.now()
    assert forget(now, 10) == 0
    assert forget(now + timedelta(seconds=2 * HOUR), 10) == 3
    assert [used(limit) for limit in limits] == [0, 0, 1]


def test_a_dry_run_uses_a_call_and_nothing_else(
    worker: Actor, chair: Product, limited: SetLimit
) -> None:
    calls, rows = limited(2), limited(3, "rows")
    note(worker, chair, "", dry_run=True)
    assert (used(calls), used(rows)) == (1, 0)
    limited(0, "rows")
    with pytest.raises(LimitReached):
        note(worker, chair, "", dry_run=True)
    assert used(calls) == 1


def test_a_read_reserves_before_it_is_answered_and_gives_back(
    orders: list[Order], grant: Grant, enter: Enter, limited: SetLimit
) -> None:
    grant(READ)
    actor = enter(READ)
    limit = limited(20, "rows", window=HOUR)
    assert len(call(actor, "list_orders", {"limit": 20}).result["rows"]) == len(orders)
    assert used(limit) == len(orders)
    with pytest.raises(TooMany):  # there are not so many, but who knows before
        call(actor, "list_orders", {"limit": 20})
    call(actor, "get_order", {"id": orders[0].public_id})
    assert used(limit) == len(orders) + 1


def test_a_list_of_too_many_different_objects_is_not_answered(
    orders: list[Order], grant: Grant, enter: Enter, limited: SetLimit
) -> None:
    grant(READ)
    actor = enter(READ)
    limit = limited(2, "objects", window=HOUR)
    call(actor, "get_order", {"id": orders[0].public_id})
    with pytest.raises(TooMany):
        call(actor, "list_orders", {})
    assert used(limit) == 1
    assert last_entry().outcome == "denied"


@pytest.mark.parametrize("most", [5])
def test_sixteen_at_once_take_no_more_than_there_is(
    most: int, committed: None, worker: Actor, chair: Product, limited: SetLimit,
    in_a: Place,
) -> None:  # fmt: skip
    limits = [limited(most), limited(100, "rows"), limited(9, "objects", window=HOUR)]
    products = [Product.objects.create(name=str(n)) for n in range(16)]

    def once(number: int) -> Any:
        return note(worker, products[number], str(number))

    done = at_once([partial(once, n) for n in range(16)], in_a)
    refused = [one for one in done if isinstance(one, PaybillError)]
    assert {str(one.members.get("rule")) for one in refused} == {"limit:calls"}
    assert len(refused) == 16 - most
    with plane(in_a):
        assert [used(limit) for limit in limits] == [most] * 3
        assert Product.objects.exclude(description="").count() == most
        assert AuditEntry.objects.filter(outcome="denied").count() == 16 - most


def test_sixteen_reads_and_writes_of_one_agent_do_not_wait_in_a_circle(
    committed: None, worker: Actor, chair: Product, limited: SetLimit, in_a: Place
) -> None:
    for measure in ("calls", "rows", "objects"):
        limited(1000, measure, window=HOUR)

    def one(number: int) -> Any:
        if number % 4 == 0:
            return call(worker, "list_products", {"limit": 5})
        if number % 4 == 1:
            return note(worker, chair, "", dry_run=True)
        return stock(worker, chair, str(number))

    done = at_once([partial(one, n) for n in range(16)], in_a)
    assert [one for one in done if isinstance(one, Exception)] == []
    with plane(in_a):
        assert set(Variant.objects.values_list("stock", flat=True)) == {13}


@given(st.integers(0, 4 * 10**9), st.integers(1, 366 * 86400))
def test_windows_are_whole_and_next_to_each_other(moment: int, window: int) -> None:
    now = datetime.fromtimestamp(moment, UTC)
    start = begin(window, now)
    assert start <= now < start + timedelta(seconds=window)
    assert start.timestamp() % window == 0
    assert begin(window, start + timedelta(seconds=window)) == start + timedelta(
        seconds=window
    )
    assert begin(0, now).timestamp() == 0
