"""Inherited suites: declare an action and its cast, and the common tests come along.

    class TestSuspend(ActionSuite):
        action = SuspendTenant
        allowed = ("operator",)
        forbidden = ("owner", "teammate")
        unknown = ("outsider", "agent")

        @pytest.fixture
        def target(self, live_tenant): return live_tenant

``allowed``, ``forbidden`` (sees the target, may not do this) and ``unknown`` (does not
see it) are names of fixtures of the cast. ``data`` is the input as JSON.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from paybill_site.kernel.actions import AnyAction, perform, rehearse
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden, Invalid, NotFound
from paybill_site.kernel.models import AuditEntry, IdempotencyKey, OutboxEvent
from paybill_site.kernel.schemas import snapshot


class ActionSuite:
    """What holds for every action with a target."""

    action: ClassVar[AnyAction]
    data: ClassVar[dict[str, Any]] = {}
    allowed: ClassVar[tuple[str, ...]]
    forbidden: ClassVar[tuple[str, ...]] = ()
    unknown: ClassVar[tuple[str, ...]] = ("outsider", "agent")

    @pytest.fixture
    def target(self) -> Any:
        raise TypeError("the suite names no target")

    @pytest.fixture
    def first(self, request: pytest.FixtureRequest) -> Actor:
        """One who may do it."""
        actor: Actor = request.getfixturevalue(self.allowed[0])
        return actor

    def entries(self, outcome: str) -> Any:
        rows = AuditEntry.objects.filter(action=self.action.name, outcome=outcome)
        return rows.order_by("id")

    def test_who_may_does_it_and_one_entry_says_so(
        self, target: Any, request: pytest.FixtureRequest
    ) -> None:
        actor: Actor = request.getfixturevalue(self.allowed[0])
        perform(self.action, target, self.data, actor=actor, reason="because")
        (entry,) = self.entries("done")
        assert entry.actor == actor.id
        assert '"because"' in entry.body

    def test_each_of_the_allowed_may(
        self, target: Any, request: pytest.FixtureRequest
    ) -> None:
        for name in self.allowed:
            actor = request.getfixturevalue(name)
            tried = rehearse(self.action, target, self.data, actor=actor)
            assert isinstance(tried.output, dict)

    def test_who_sees_it_without_the_permission_is_refused_and_recorded(
        self, target: Any, request: pytest.FixtureRequest
    ) -> None:
        before = snapshot(target)
        for name in self.forbidden:
            with pytest.raises(Forbidden):
                perform(
                    self.action, target, self.data, actor=request.getfixturevalue(name)
                )
        target.refresh_from_db()
        assert snapshot(target) == before
        assert self.entries("denied").count() == len(self.forbidden)

    def test_who_does_not_see_it_finds_nothing(
        self, target: Any, request: pytest.FixtureRequest
    ) -> None:
        for name in self.unknown:
            with pytest.raises(NotFound):
                perform(
                    self.action, target, self.data, actor=request.getfixturevalue(name)
                )
        assert self.entries("denied").count() == len(self.unknown)

    def test_the_same_key_twice_is_one_effect(self, target: Any, first: Actor) -> None:
        once = perform(self.action, target, self.data, actor=first, key="k1")
        events = OutboxEvent.objects.count()
        again = perform(self.action, target, self.data, actor=first, key="k1")
        assert again.repeated
        assert again.output == once.output
        assert OutboxEvent.objects.count() == events
        assert self.entries("done").count() == 1

    def test_a_refusal_leaves_the_key_free(
        self, target: Any, request: pytest.FixtureRequest
    ) -> None:
        for name in self.forbidden[:1]:
            with pytest.raises(Forbidden):
                perform(
                    self.action,
                    target,
                    self.data,
                    actor=request.getfixturevalue(name),
                    key="k2",
                )
        assert not IdempotencyKey.objects.filter(key="k2").exists()

    def test_a_rehearsal_changes_nothing_but_the_trail(
        self, target: Any, first: Actor
    ) -> None:
        before, events = snapshot(target), OutboxEvent.objects.count()
        rehearse(self.action, target, self.data, actor=first)
        target.refresh_from_db()
        assert snapshot(target) == before
        assert OutboxEvent.objects.count() == events
        assert self.entries("rehearsed").count() == 1
        assert not self.entries("done").exists()

    def test_an_unknown_argument_is_refused(self, target: Any, first: Actor) -> None:
        with pytest.raises(Invalid):
            perform(self.action, target, {**self.data, "extra": 1}, actor=first)
