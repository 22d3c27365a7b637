"""Whoever breaks a rule is refused by that rule, and nothing has changed."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from typing import Any

import pytest

from examples.storefront import rules
from examples.storefront.models import Order
from examples.storefront.replay import touched
from examples.storefront.replay.asker import ACCEPTED, REFUSED, Verdict, call
from examples.storefront.replay.folder import Folder
from examples.storefront.replay.stage import Stage
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.sandboxes import sandbox, settle
from tests.storefront.bases import STARTS, every_base
from tests.storefront.breaking import ASKED, Base, Break, World
from tests.storefront.retail import needs_data

SHARDS = 2
GUARDS = {
    "cancel_pending_order": rules.CANCEL,
    "modify_order_address": rules.ADDRESS,
    "modify_order_payment": rules.PAYMENT,
    "modify_order_items": rules.ITEMS,
    "return_order_items": rules.RETURN,
    "exchange_order_items": rules.EXCHANGE,
    "modify_customer_address": (),
}


@pytest.mark.parametrize("tool", GUARDS)
def test_the_rules_are_asked_in_the_documented_order(tool: str) -> None:
    assert ("schema", *(guard.rule for guard in GUARDS[tool])) == ASKED[tool]


@needs_data
def test_at_least_five_thousand_calls_break_every_rule_alone_and_in_pairs(
    retail_folder: Folder,
) -> None:
    bases = list(every_base(retail_folder))
    broken = [(base, breaks) for base in bases for breaks in base.broken()]
    assert len(broken) >= 5_000
    alone = {(b.tool, breaks[0].rule) for b, breaks in broken if len(breaks) == 1}
    assert alone == {(tool, rule) for tool, asked in ASKED.items() for rule in asked}
    pairs = {
        (base.tool, *sorted(one.rule for one in breaks))
        for base, breaks in broken
        if len(breaks) == 2
    }
    possible = {
        (tool, *sorted((one, other)))
        for tool, asked in ASKED.items()
        for one in asked
        for other in asked
        if one < other and frozenset({one, other}) not in ONE_VALUE[tool]
    }
    assert pairs == possible


# Rules about one value: it breaks the one or the other, never both.
STATE = frozenset({"once_per_order", "order_is_pending"})
STATE_OF_DELIVERED = frozenset({"once_per_order", "order_is_delivered"})
ONE_VALUE: dict[str, set[frozenset[str]]] = {
    "cancel_pending_order": set(),
    "modify_order_address": set(),
    "modify_order_payment": {
        frozenset({"own_payment_method", "other_payment_method"}),
    },
    "modify_order_items": {STATE},
    "return_order_items": {
        frozenset({"own_payment_method", "original_or_gift_card"}),
    },
    "exchange_order_items": {STATE_OF_DELIVERED},
    "modify_customer_address": set(),
}


class Breaker:
    """Plays one base: the call as it is, then every way in which it is broken."""

    def __init__(self, stage: Stage, base: Base, number: int) -> None:
        self.stage, self.base, self.number = stage, base, number
        self.wrong: list[str] = []
        self.codes: Counter[str] = Counter()

    def play(self, actor: Actor) -> None:
        ids, base = self.stage.ids, self.base
        of_customer = base.tool == "modify_customer_address"
        subject = (ids.customers if of_customer else ids.orders)[base.subject]
        with sandbox():
            order = None if of_customer else Order.objects.get(public_id=subject)
            world = World(dict(base.arguments), order)
            base.prepare(world)
            key = f"{self.number}:start"
            begun = call(actor, STARTS[base.tool], {"id": subject}, key=key)
            assert begun.is_ == ACCEPTED, begun
            self.run = str(begun.result["id"])
            then = touched.mark()
            self._accepted(actor, world)
            self.note = touched.newest_note()
            for n, breaks in enumerate(base.broken()):
                self._refused(actor, world, breaks, n)
            assert not any(touched.since(then).values())

    def _call(self, actor: Actor, arguments: dict[str, Any], key: str) -> Verdict:
        given = {**arguments, "run": self.run}
        return call(actor, self.base.tool, given, key=f"{self.number}:{key}")

    def _accepted(self, actor: Actor, world: World) -> None:
        """The repaired twin of every broken call of this base."""
        with sandbox():
            got = self._call(actor, world.arguments, "twin")
            settle()
            if got.is_ != ACCEPTED:
                self.wrong.append(f"{self.base.tool} {self.base.subject}: {got}")

    def _refused(
        self, actor: Actor, world: World, breaks: tuple[Break, ...], number: int
    ) -> None:
        copied = {
            name: list(value) if isinstance(value, list) else value
            for name, value in world.arguments.items()
        }
        # A refused call leaves nothing behind; what was changed in rows is taken back.
        in_rows = any(one.in_rows for one in breaks)
        with sandbox() if in_rows else nullcontext():
            broken = World(copied, world.order, world.card)
            # What is too many is added last: it moves no other.
            for one in sorted(breaks, key=lambda one: one.rule == "one_new_item_each"):
                one.change(broken)
            before = touched.newest_note() if in_rows else self.note
            got = self._call(actor, broken.arguments, str(number))
            changed = touched.newest_note() != before
        expected = self.base.expected(breaks)
        self.codes[got.rule] += 1
        if got.is_ != REFUSED or got.rule != expected or changed:
            names = " and ".join(f"{one.rule} {one.name}" for one in breaks)
            self.wrong.append(
                f"{self.base.tool} {self.base.subject}: {names}: "
                f"expected {expected}, got {got}, changed: {changed}"
            )


@pytest.mark.longest
@pytest.mark.slow
@needs_data
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_broken_rule_refuses_with_its_code_and_changes_nothing(
    shard: int, stage: Stage, retail_folder: Folder
) -> None:
    codes: Counter[str] = Counter()
    wrong: list[str] = []
    bases = list(every_base(retail_folder))[shard::SHARDS]
    actors = [stage.desk.serving(stage.ids.customers[b.customer]) for b in bases]
    for number, (base, actor) in enumerate(zip(bases, actors, strict=True)):
        breaker = Breaker(stage, base, number)
        breaker.play(actor)
        codes += breaker.codes
        wrong += breaker.wrong
    assert wrong == []
    assert sum(codes.values()) == sum(len(list(base.broken())) for base in bases)


@needs_data
@pytest.mark.slow
def test_the_order_of_another_customer_is_not_found(
    stage: Stage, retail_folder: Folder
) -> None:
    orders = retail_folder.tables["orders"]
    users = list(retail_folder.tables["users"])
    actor = stage.desk.serving(stage.ids.customers[users[0]])
    theirs = [k for k, order in orders.items() if order["user_id"] != users[0]]
    for number, key in enumerate(theirs[:40]):
        for start in sorted(set(STARTS.values()) - {"start_move"}):
            before = touched.newest_note()
            asked = {"id": stage.ids.orders[key]}
            got = call(actor, start, asked, key=f"{number}:{start}")
            assert (got.is_, got.rule) == (REFUSED, "not_found")
            assert touched.newest_note() == before
