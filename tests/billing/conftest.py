"""Plans, subscriptions in each situation, and a clock that tests can turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import pytest

from billing import clock
from billing.actions import Subscribe
from billing.models import Plan, Subscription
from billing.tasks import bill_one
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.planes import Place
from tenants.models import Tenant
from tests.billing.desk import START, Turn, only_open, pay_in_full, sell


@pytest.fixture
def turn(control: Place) -> Iterator[Turn]:
    """The clock stands at ``START``; ``turn(timedelta(...))`` moves it forward."""
    with ExitStack() as stack:
        moment = [stack.enter_context(clock.at(START))]

        def forward(by: timedelta) -> datetime:
            moment[0] += by
            return stack.enter_context(clock.at(moment[0]))

        yield forward


@pytest.fixture
def free(control: Place) -> Plan:
    return sell("starter", 0)


@pytest.fixture
def basic(control: Place) -> Plan:
    return sell("basic", 3000)


@pytest.fixture
def pro(control: Place) -> Plan:
    return sell("pro", 9000)


@pytest.fixture
def unpaid(turn: Turn, tenant: Tenant, owner: Actor, basic: Plan) -> Subscription:
    """Subscribed to ``basic``; the first invoice is open."""
    return perform(Subscribe, tenant, {"plan": "basic"}, actor=owner).result


@pytest.fixture
def subscription(unpaid: Subscription) -> Subscription:
    """In force since the clock's start, the first invoice paid."""
    pay_in_full(only_open(unpaid))
    unpaid.refresh_from_db()
    return unpaid


@pytest.fixture
def owing(subscription: Subscription, turn: Turn) -> Subscription:
    """The second period has begun and its invoice is open."""
    turn(subscription.period_end - clock.now())
    bill_one(subscription.public_id)
    subscription.refresh_from_db()
    return subscription
