"""Whatever comes in, in whatever order: the quantity is that of the raw events."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from billing.models import Meter, UsageBucket
from billing.rating.periods import Period
from billing.rating.usage import Aggregation, Event, aggregate
from billing.usage import Asked, checking, quantities, rollups
from tenants.models import Account, Tenant
from tests.billing.usage.desk import (
    NOON,
    a_meter,
    an_event,
    as_rated,
    send,
    statuses,
    taken_back,
)
from tests.cast import make_tenant

LEVELS = {Aggregation.MAX, Aggregation.LATEST, Aggregation.WEIGHTED_SUM}


def level(how: Aggregation, events: Sequence[Event], start: datetime) -> Decimal:
    """What is carried into a period, from all that was before."""
    before = sorted((e for e in events if e.at < start), key=lambda e: (e.at, e.number))
    if how is Aggregation.WEIGHTED_SUM:
        return sum((e.value for e in before), Decimal(0))
    return before[-1].value if before else Decimal(0)


def expected(meter: Meter, events: Sequence[Event], period: Period) -> Fraction:
    carried = level(meter.how, events, period.start) if meter.carried else Decimal(0)
    return aggregate(meter.how, events, period, carried)


class Story:
    """Random events of two tenants, sent, taken back and rolled up at random."""

    def __init__(self, chance: random.Random, tenants: list[Tenant]) -> None:
        self.chance, self.tenants = chance, tenants
        self.meters = [
            *(a_meter(how) for how in Aggregation),
            *(a_meter(how, f"{how.value}_on", carried=True) for how in LEVELS),
        ]
        self.sent: list[tuple[dict[str, Any], int]] = []
        self.gone: set[str] = set()

    def moment(self) -> datetime:
        """Often the same, often on a boundary, and spread over four days."""
        hours = self.chance.choice([0, 0, 1, 12, 24, self.chance.randint(0, 96)])
        micros = self.chance.choice(
            [0, 0, 1, 3_599_999_999, self.chance.randrange(10**9)]
        )
        return NOON - timedelta(hours=hours) - timedelta(microseconds=micros)

    def step(self) -> None:
        events = [self._event() for _ in range(self.chance.randint(1, 12))]
        known = [e for e, _ in self.sent if e["id"] not in self.gone]
        backs = self.chance.sample(known, min(len(known), self.chance.randint(0, 3)))
        answer = send(*events, *(taken_back(e) for e in backs))
        assert set(statuses(answer)) == {"accepted"}
        first = len(self.sent)
        self.sent += [(event, first + n) for n, event in enumerate(events)]
        self.gone |= {event["id"] for event in backs}
        if self.chance.random() < 0.4:
            rollups.sweep(self.chance.choice([1, 3, 200]))

    def _event(self) -> dict[str, Any]:
        value = f"{self.chance.randint(-5, 40)}.{self.chance.randint(0, 999)}"
        user = self.chance.choice("abcdef")
        return an_event(
            self.chance.choice(self.tenants),
            self.chance.choice(self.meters),
            at=self.moment().isoformat(),
            properties={"n": value, "user": user},
        )

    def events(self, tenant: Tenant, meter: Meter) -> list[Event]:
        named = (tenant.public_id, meter.code)
        return [
            as_rated(event, number)
            if meter.value_from or meter.key_from
            else Event(at=datetime.fromisoformat(event["at"]), number=number)
            for event, number in self.sent
            if (event["tenant"], event["meter"]) == named
            and event["id"] not in self.gone
        ]

    def compare(self) -> None:
        asked, wanted = [], []
        for tenant in self.tenants:
            for meter in self.meters:
                start, end = sorted((self.moment(), self.moment()))
                period = Period(start, end + timedelta(microseconds=1))
                asked.append(Asked(tenant.pk, meter.code, period))
                wanted.append(expected(meter, self.events(tenant, meter), period))
        assert quantities(asked) == wanted


@pytest.mark.parametrize("seed", range(6))
def test_quantities_are_those_of_the_raw_events(account: Account, seed: int) -> None:
    tenants = [make_tenant(account, "one"), make_tenant(account, "two")]
    story = Story(random.Random(seed), tenants)  # noqa: S311 - a story, no secret
    for _ in range(12):
        story.step()
        story.compare()
    rollups.sweep()
    for _ in range(6):
        story.compare()
    assert checking.differences() == []
    rebuilt = list(UsageBucket.objects.values_list("pk"))
    for meter in story.meters:
        checking.rebuild(meter)
    assert list(UsageBucket.objects.values_list("pk")) != rebuilt
    assert checking.differences() == []
    story.compare()


def test_the_check_finds_what_was_altered(tenant: Tenant) -> None:
    meter = a_meter(Aggregation.SUM)
    send(an_event(tenant, meter))
    rollups.sweep()
    UsageBucket.objects.filter(width="day").update(total=2)
    (found,) = checking.differences()
    assert (found.meter, found.width, found.tenant) == ("sum", "day", tenant.pk)
    checking.rebuild(meter)
    assert checking.differences(meter) == []


def test_many_tenants_take_as_many_queries_as_one(
    account: Account, django_assert_num_queries: Any
) -> None:
    a_meter(Aggregation.SUM), a_meter(Aggregation.UNIQUE_COUNT)
    tenants = [make_tenant(account, f"shop-{n}") for n in range(20)]
    send(*(an_event(tenant, "sum") for tenant in tenants))
    day = Period(NOON - timedelta(days=1), NOON + timedelta(seconds=1))
    asked = [
        Asked(tenant.pk, code, day)
        for tenant in tenants
        for code in ("sum", "unique_count")
    ]
    with django_assert_num_queries(3):
        assert quantities(asked) == [1, 0] * 20
