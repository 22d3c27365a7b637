"""The same key again changes nothing, also when both requests come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from examples.storefront.models import Product
from paybill_site.kernel.actions import Outcome, perform
from paybill_site.kernel.actors import ANONYMOUS
from paybill_site.kernel.errors import Forbidden, Invalid, KeyReused, Refused
from paybill_site.kernel.models import AuditEntry, IdempotencyKey, OutboxEvent
from paybill_site.kernel.planes import CONTROL, Place, plane
from tests.kernel.verbs import SELLER, Make, Rename, in_thread

MAKE = partial(perform, Make, None, {"name": "Chair"}, actor=SELLER, key="k1")


def test_a_repeat_returns_what_the_first_one_did(in_a: Place) -> None:
    first, again = MAKE(), MAKE()
    assert again.repeated
    assert again.output == first.output
    assert again.result == first.result
    assert Product.objects.count() == 1
    assert AuditEntry.objects.count() == 1


def test_a_repeat_sends_no_second_event(in_a: Place) -> None:
    chair = Product.objects.create(name="Chair")
    for _ in range(2):
        perform(Rename, chair.public_id, {"name": "x"}, actor=SELLER, key="k")
    assert OutboxEvent.objects.count() == 1


def test_a_row_and_its_id_name_the_same_target(in_a: Place) -> None:
    chair = Product.objects.create(name="Chair")
    perform(Rename, chair, {"name": "x"}, actor=SELLER, key="k")
    assert perform(
        Rename, chair.public_id, {"name": "x"}, actor=SELLER, key="k"
    ).repeated


def test_a_key_with_other_arguments_is_refused(in_a: Place) -> None:
    MAKE()
    with pytest.raises(KeyReused):
        perform(Make, None, {"name": "Stool"}, actor=SELLER, key="k1")


def test_a_key_belongs_to_its_principal(in_a: Place) -> None:
    MAKE()
    other = replace(SELLER, id="system:other")
    done = perform(Make, None, {"name": "Stool"}, actor=other, key="k1")
    assert not done.repeated


def test_a_key_belongs_to_its_plane(tenant_a: Place, tenant_b: Place) -> None:
    for place in (tenant_a, tenant_b):
        with plane(place):
            assert not MAKE().repeated


def test_a_call_that_failed_leaves_its_key_free(in_a: Place) -> None:
    chair = Product.objects.create(name="Chair")
    for _ in range(2):
        with pytest.raises(Refused):
            perform(Rename, chair, {"name": "forbidden"}, actor=SELLER, key="k")
    assert not IdempotencyKey.objects.exists()
    assert not perform(Rename, chair, {"name": "x"}, actor=SELLER, key="k").repeated


def test_a_narrower_token_can_not_repeat_the_call(in_a: Place) -> None:
    MAKE()
    narrow = SELLER.narrowed(frozenset())
    with pytest.raises(Forbidden, match="scope"):
        perform(Make, None, {"name": "Chair"}, actor=narrow, key="k1")


def test_nobody_in_particular_has_no_keys(control: Place) -> None:
    with pytest.raises(Invalid, match="somebody"):
        perform(Make, None, {"name": "x"}, actor=ANONYMOUS, key="k1")


def test_eight_at_once_do_it_once(tenant_a: Place, committed: None) -> None:
    with ThreadPoolExecutor(8) as pool:
        tasks = [pool.submit(in_thread, tenant_a, MAKE) for _ in range(8)]
        outcomes: list[Outcome[Product]] = [task.result() for task in tasks]
    assert sorted(o.repeated for o in outcomes) == [False] + [True] * 7
    assert len({str(outcome.output) for outcome in outcomes}) == 1
    with plane(tenant_a):
        assert Product.objects.count() == 1
        assert AuditEntry.objects.count() == 1


def test_the_control_plane_keeps_its_own_keys(tenant_a: Place, control: Place) -> None:
    with plane(tenant_a):
        MAKE()
    with plane(CONTROL):
        assert not IdempotencyKey.objects.exists()
