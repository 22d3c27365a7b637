"""Nothing is passed over, nothing is added twice: late commits, kills, two at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import DataError, connections
from django.utils import timezone

from billing import clock
from billing.models import Meter, UsageBatch, UsageBucket
from billing.rating.periods import Period
from billing.rating.usage import Aggregation
from billing.usage import (
    checking,
    quantity,
    recording,
    retention,
    rollups,
)
from paybill_site.kernel import planes
from paybill_site.kernel.planes import CONTROL, plane
from tenants.models import Account, Tenant
from tests.billing.usage.desk import (
    COLLECTOR,
    NOON,
    a_meter,
    an_event,
    later,
    send,
    taken_back,
)
from tests.cast import make_tenant

DAY = Period(NOON - timedelta(hours=12), NOON + timedelta(hours=12))


@pytest.fixture
def meter(tenant: Tenant) -> Meter:
    return a_meter(Aggregation.SUM)


def rolled() -> int:
    buckets = UsageBucket.objects.filter(width="day")
    return int(sum(bucket.total for bucket in buckets))


def test_a_second_sweep_adds_nothing(tenant: Tenant, meter: Meter) -> None:
    send(an_event(tenant, meter))
    assert (rollups.sweep(), rolled()) == (1, 1)
    assert (rollups.sweep(), rolled()) == (0, 1)


@pytest.mark.parametrize("step", range(len(rollups.STEPS)))
def test_a_sweep_that_is_killed_is_done_again(
    tenant: Tenant, meter: Meter, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(an_event(tenant, meter))
    steps = (*rollups.STEPS[:step], "SELECT 1 / 0, %s::bigint[]", *rollups.STEPS[step:])
    with monkeypatch.context() as patched:
        patched.setattr(rollups, "STEPS", steps)
        with pytest.raises(DataError, match="division"), planes.atomic():
            rollups.sweep()
    assert rolled() == 0
    assert quantity(tenant, "sum", DAY) == 1
    assert (rollups.sweep(), rolled()) == (1, 1)
    assert checking.differences() == []


def test_a_batch_that_is_committed_late_is_not_passed_over(committed: None) -> None:
    """It has the lower number and commits after the second one is rolled up."""
    began, go_on = threading.Event(), threading.Event()
    with plane(CONTROL), clock.at(NOON):
        account = Account.objects.create(name="Acme", created_by="")
        tenant = make_tenant(account, "slow")
        meter = a_meter(Aggregation.SUM)
        send(an_event(tenant, meter))
        rollups.sweep()

    def slow() -> None:
        with plane(CONTROL), planes.atomic(), clock.at(NOON):
            recording.take([an_event(tenant, meter)], COLLECTOR)
            began.set()
            go_on.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(20)
    with plane(CONTROL), clock.at(NOON):
        send(an_event(tenant, meter))
        assert (rollups.sweep(), rolled()) == (1, 2)
        go_on.set()
        thread.join()
        numbers = list(UsageBatch.objects.values_list("pk", flat=True))
        assert quantity(tenant, "sum", DAY) == 3
        assert (rollups.sweep(), rolled()) == (1, 3)
        assert UsageBatch.objects.latest("rolled_at").pk < max(numbers)
        assert checking.differences() == []


def test_senders_and_sweeps_at_the_same_time(committed: None) -> None:
    with plane(CONTROL), clock.at(NOON):
        account = Account.objects.create(name="Acme", created_by="")
        tenant = make_tenant(account, "busy")
        meters = [a_meter(Aggregation.SUM), a_meter(Aggregation.MAX)]
        send(an_event(tenant, meters[0], at=later(hours=-9)))
    stop = threading.Event()

    def sender() -> None:
        with plane(CONTROL), clock.at(NOON):
            for _ in range(8):
                events = [an_event(tenant, meter) for meter in meters for _ in range(5)]
                send(*events)
                send(taken_back(events[0]), taken_back(events[-1]))
        connections.close_all()

    def sweeper() -> None:
        with plane(CONTROL):
            while not stop.is_set():
                rollups.sweep(2)
        connections.close_all()

    sweepers = [threading.Thread(target=sweeper) for _ in range(2)]
    senders = [threading.Thread(target=sender) for _ in range(3)]
    for thread in (*sweepers, *senders):
        thread.start()
    for thread in senders:
        thread.join()
    stop.set()
    for thread in sweepers:
        thread.join()
    with plane(CONTROL):
        assert quantity(tenant, "sum", DAY) == 1 + 3 * 8 * 4
        rollups.sweep()
        assert quantity(tenant, "sum", DAY) == 1 + 3 * 8 * 4
        assert quantity(tenant, "max", DAY) == 1
        assert checking.differences() == []


def test_raw_events_go_by_months_and_what_they_were_stays(
    tenant: Tenant, meter: Meter
) -> None:
    old = timezone.now() - timedelta(days=500)
    month = old.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    event = an_event(tenant, meter, at=old.isoformat())
    with clock.at(old):
        send(event)
    assert retention.forget() == []  # not rolled up yet
    rollups.sweep()
    assert month in retention.months()
    assert retention.forget() == [month]
    assert month not in retention.months()
    whole = Period(month, month + timedelta(days=40))
    assert quantity(tenant, "sum", whole) == 1
    with clock.at(old):
        assert send(event).duplicates == 1
    assert checking.differences() == []


def test_a_young_month_stays_whoever_asks(tenant: Tenant, meter: Meter) -> None:
    recent = timezone.now() - timedelta(days=80)
    with clock.at(recent):
        send(an_event(tenant, meter, at=recent.isoformat()))
    rollups.sweep()
    before = retention.months()
    assert retention.forget(timedelta(0)) == []
    assert retention.months() == before
