"""A debt is not left behind, and nobody is passed over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache

from billing.actions import CancelSubscription, ReactivateSubscription
from billing.dunning import tasks
from billing.errors import NoSuchChange
from billing.models import Subscription
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from tests.billing.desk import Turn, only_open, pay_in_full

DAY = timedelta(days=1)


def test_who_was_closed_is_not_open_again_by_ending_and_beginning_anew(
    owing: Subscription, turn: Turn, owner: Actor
) -> None:
    for days in (7, 3, 7):
        turn(days * DAY)
        tasks.dun_one(owing.customer.public_id)
    owing.refresh_from_db()
    assert owing.state == "suspended"
    perform(CancelSubscription, owing, {"when": "now"}, actor=owner)
    with pytest.raises(NoSuchChange, match="has to be paid first"):
        perform(ReactivateSubscription, owing, actor=owner)
    pay_in_full(only_open(owing))
    perform(ReactivateSubscription, owing, actor=owner)
    owing.refresh_from_db()
    assert owing.state == "active"


def test_a_sweep_goes_on_where_the_one_before_stopped(
    owing: Subscription, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as it takes at once may be looked at in vain: the next ones follow."""
    asked: list[str] = []
    monkeypatch.setattr(tasks, "BATCH", 1)
    monkeypatch.setattr(tasks.dun_one, "delay", asked.append)
    cache.delete(tasks.SEEN)
    turn(8 * DAY)
    assert [tasks.dun() for _ in range(3)] == [1, 0, 1]
    assert cache.get(tasks.SEEN) == owing.customer_id
    cache.delete(tasks.SEEN)
