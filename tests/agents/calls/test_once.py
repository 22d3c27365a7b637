"""One key, one effect: whatever comes twice, at once or later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db.models import Q

from agents.dispatch import Answer, call
from examples.storefront.models import Product
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor, Kind
from paybill_site.kernel.calls import Call
from paybill_site.kernel.errors import Conflict, Forbidden, KeyReused, NotFound
from paybill_site.kernel.models import AuditEntry, IdempotencyKey
from paybill_site.kernel.planes import Place, plane
from tests.agents.calls.conftest import CHANGE, MAKE, SEE, SetLimit
from tests.agents.calls.verbs import Note, Register, Stock
from tests.races import at_once


def stock(actor: Actor, product: Product, key: str, pieces: int = 1) -> Answer:
    arguments = {"id": product.public_id, "pieces": pieces}
    return call(actor, "stock", arguments, key=key)


def pieces(product: Product) -> set[Any]:
    return set(product.variants.values_list("stock", flat=True))


def test_a_hundred_at_once_have_one_effect(
    committed: None, worker: Actor, chair: Product, limited: SetLimit, in_a: Place
) -> None:
    limit = limited(1)
    done: list[Answer] = []
    for _ in range(5):  # the server has no hundred connections to spare
        done += at_once([lambda: stock(worker, chair, "k") for _ in range(20)], in_a)
    assert sorted(one.repeated for one in done) == [False] + [True] * 99
    assert len({str(one.result) for one in done}) == 1
    with plane(in_a):
        assert pieces(chair) == {6}
        assert limit.uses.get().used == 1
        assert AuditEntry.objects.filter(outcome="done", actor=worker.id).count() == 1
        assert IdempotencyKey.objects.filter(principal=worker.id).count() == 1


def test_other_arguments_under_one_key_are_refused_also_when_spelt_alike(
    worker: Actor, chair: Product
) -> None:
    stock(worker, chair, "k")
    for other in (2, 0, -1):
        with pytest.raises(KeyReused):
            stock(worker, chair, "k", pieces=other)
    with pytest.raises(KeyReused):  # another tool, too
        call(worker, "note", {"id": chair.public_id, "text": "x"}, key="k")
    assert pieces(chair) == {6}


def test_what_is_said_in_another_order_is_the_same_call(
    worker: Actor, chair: Product
) -> None:
    stock(worker, chair, "k")
    again = {"price": 0, "pieces": 1, "id": chair.public_id}
    assert call(worker, "stock", again, key="k").repeated
    assert pieces(chair) == {6}


def test_another_conversation_is_not_told_what_the_first_one_was(
    worker: Actor, chair: Product
) -> None:
    first = replace(worker, session={"customer": "cus_1"})
    person = Actor(kind=Kind.PERSON, id="usr_1", grants=worker.grants)
    others = [
        worker,
        replace(worker, session={"customer": "cus_2"}),
        replace(first, behalf=person),
        replace(first, behalf=replace(person, id="usr_2")),
    ]
    assert not stock(first, chair, "1").repeated
    for other in others:  # each does its own, under a key that it may well choose too
        assert not stock(other, chair, "1").repeated
    assert pieces(chair) == {10}
    assert stock(first, chair, "1").repeated
    made = call(first, "register", {"text": "Ada"}, key="2").result
    for other in others:
        with pytest.raises(Conflict) as refused:
            call(other, "register", {"text": "Ada"}, key="2")
        assert made["id"] not in str(refused.value.members)


def test_other_arguments_in_another_conversation_say_nothing_of_the_first(
    worker: Actor, chair: Product
) -> None:
    stock(replace(worker, session={"customer": "cus_1"}), chair, "1")
    done = stock(replace(worker, session={"customer": "cus_2"}), chair, "1", pieces=2)
    assert not done.repeated


def test_the_same_step_of_another_run_is_another_call(
    worker: Actor, chair: Product
) -> None:
    said: Any = {"action": Note, "target": chair, "data": {}, "actor": worker}
    digests = {Call(**said, run=run).digest for run in ("", "wfr_1", "wfr_2")}
    assert len(digests) == 3


def test_who_may_not_see_or_do_it_any_more_is_not_told(
    worker: Actor, chair: Product
) -> None:
    """At the door it still holds it for other rows, or it would not come so far."""
    stock(worker, chair, "k")
    call(worker, "register", {"text": "Ada"}, key="r")
    blind = replace(worker, grants=frozenset({CHANGE, MAKE}))
    with pytest.raises(NotFound):
        perform(Stock, chair, {"pieces": 1}, actor=blind, key="k")
    idle = replace(worker, grants=frozenset({SEE}))
    with pytest.raises(Forbidden):
        perform(Stock, chair, {"pieces": 1}, actor=idle, key="k")
    with pytest.raises(Forbidden):
        perform(Register, None, {"text": "Ada"}, actor=idle, key="r")


def test_a_filter_that_the_effect_led_out_of_does_not_hide_the_answer(
    worker: Actor, chair: Product
) -> None:
    empty = dict.fromkeys((CHANGE, SEE), Q(description=""))
    filtered = replace(worker, grants=frozenset(), rules=empty)
    for repeated in (False, True):
        done = perform(Note, chair, {"text": "x"}, actor=filtered, key="k")
        assert done.repeated is repeated
    with pytest.raises(NotFound):  # a new call is another matter
        perform(Note, chair, {"text": "x"}, actor=filtered, key="k2")


def test_what_a_call_deleted_is_deleted_once(worker: Actor, chair: Product) -> None:
    for repeated in (False, True):
        done = call(worker, "drop", {"id": chair.public_id}, key="k")
        assert done.repeated is repeated
