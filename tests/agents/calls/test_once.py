"""One key, one effect: whatever comes twice, at once or later."""

from __future__ import annotations

from typing import Any

import pytest

from agents.dispatch import Answer, call
from examples.storefront.models import Product
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import KeyReused
from paybill_site.kernel.models import AuditEntry, IdempotencyKey
from paybill_site.kernel.planes import Place, plane
from tests.agents.calls.conftest import SetLimit
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
