"""Each event counts once; what does not fit is refused with its reason and place."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connections

from billing.models import Meter, UsageBatch, UsageEvent, UsageKey
from billing.rating.periods import Period
from billing.rating.usage import Aggregation
from billing.usage import quantity, rollups
from paybill_site.kernel import planes
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.errors import Forbidden
from paybill_site.kernel.models import AuditEntry
from paybill_site.kernel.planes import CONTROL, plane
from tenants.models import Account, Tenant
from tests.billing.usage.desk import (
    NOON,
    a_meter,
    an_event,
    later,
    reason,
    send,
    statuses,
    taken_back,
)
from tests.cast import make_tenant

DAY = Period(NOON - timedelta(hours=12), NOON + timedelta(hours=12))


@pytest.fixture
def bytes_sent(tenant: Tenant) -> Meter:
    return a_meter(Aggregation.SUM, "bytes_sent")


def test_a_repeat_counts_once_and_another_content_is_refused(
    tenant: Tenant, bytes_sent: Meter
) -> None:
    event = an_event(tenant, bytes_sent, properties={"n": "7.5"})
    assert statuses(send(event, event)) == ["accepted", "duplicate"]
    same = {**event, "properties": {"n": "7.50"}}
    assert statuses(send(event)) == ["duplicate"]
    assert reason(send({**event, "properties": {"n": "8"}})).startswith("id: ")
    # The same amount in other words is another statement of the same: still refused.
    assert statuses(send(same)) == ["refused"]
    assert quantity(tenant, "bytes_sent", DAY) == 7.5
    assert UsageEvent.objects.count() == 1


def test_the_same_id_of_another_source_or_tenant_is_another_event(
    account: Account, tenant: Tenant, bytes_sent: Meter
) -> None:
    event = an_event(tenant, bytes_sent)
    other = make_tenant(account, "other")
    batch = send(
        event,
        {**event, "source": "elsewhere"},
        {**event, "tenant": other.public_id},
    )
    assert batch.accepted == 3


def test_ids_are_known_whichever_month_an_event_is_sent_for(
    tenant: Tenant, bytes_sent: Meter
) -> None:
    event = an_event(tenant, bytes_sent)
    send(event)
    assert reason(send({**event, "at": later(days=-40)})).startswith("id: ")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": ""}, "id"),
        ({"id": "x" * 101}, "id"),
        ({"id": "a b"}, "id"),
        ({"source": "x" * 61}, "source"),
        ({"tenant": "ten_nobody"}, "tenant: there is no such tenant"),
        ({"tenant": 7}, "tenant"),
        ({"meter": "nothing"}, "meter: there is no such meter"),
        ({"meter": "DROP TABLE"}, "meter"),
        ({"at": later(hours=3, minutes=6)}, "at: this is in the future"),
        ({"at": later(days=-91)}, "at: this is more than 90 days ago"),
        ({"at": "2031-03-14"}, "at: "),
        ({"at": "2031-03-14T12:00:00"}, "at: "),
        ({"at": "2031-02-30T12:00:00Z"}, "at: there is no such moment"),
        ({"at": "0001-01-01T00:00:00+23:00"}, "at: there is no such moment"),
        ({"at": "1700000000"}, "at: "),
        ({"at": None}, "at"),
        ({"properties": {}}, "properties.n: the meter needs this number"),
        ({"properties": {"n": "NaN"}}, "properties.n: a plain number"),
        ({"properties": {"n": "Infinity"}}, "properties.n: a plain number"),
        ({"properties": {"n": "1e9"}}, "properties.n: a plain number"),
        ({"properties": {"n": "1" * 19}}, "properties.n: a plain number"),
        ({"properties": {"n": "0.0000000000001"}}, "properties.n: a plain number"),
        ({"properties": {"n": "١٢"}}, "properties.n: a plain number"),
        ({"properties": {"n": True}}, "properties.n: a plain number"),
        ({"properties": {"n": "1", "note": "x" * 201}}, "properties.note"),
        ({"properties": {"n": "1", "note": "nul \0"}}, "properties.note"),
        ({"properties": {"n": "1", "note": "\ud800"}}, "properties.note"),
        ({"properties": {"n": "1", "deep": {"n": "1"}}}, "properties.deep"),
        ({"properties": {f"p{n}": "1" for n in range(21)}}, "properties"),
        ({"extra": 1}, "extra"),
        ({"cancels": "e0"}, "cancels: "),
    ],
)
def test_what_does_not_fit_is_refused_alone(
    tenant: Tenant, bytes_sent: Meter, change: dict[str, Any], place: str
) -> None:
    good = an_event(tenant, bytes_sent)
    batch = send(
        good, {**an_event(tenant, bytes_sent), **change}, an_event(tenant, bytes_sent)
    )
    assert statuses(batch) == ["accepted", "refused", "accepted"]
    assert place in reason(batch, 1)
    assert (batch.accepted, batch.refused) == (2, 1)


def test_five_minutes_ahead_is_a_clock_that_is_a_little_fast(
    tenant: Tenant, bytes_sent: Meter
) -> None:
    event = an_event(tenant, bytes_sent, at=later(hours=3, minutes=5))
    assert statuses(send(event)) == ["accepted"]


def test_a_correction_is_an_event_of_its_own(tenant: Tenant, bytes_sent: Meter) -> None:
    event = an_event(tenant, bytes_sent, properties={"n": "40"})
    lower = an_event(tenant, bytes_sent, properties={"n": "-15"})
    send(event, lower)
    assert quantity(tenant, "bytes_sent", DAY) == 25
    back = taken_back(event)
    assert statuses(send(back)) == ["accepted"]
    assert statuses(send(back)) == ["duplicate"]
    assert "taken back before" in reason(send(taken_back(event)))
    assert quantity(tenant, "bytes_sent", DAY) == -15
    assert UsageEvent.objects.count() == 3


def test_only_what_is_there_can_be_taken_back(
    account: Account, tenant: Tenant, bytes_sent: Meter
) -> None:
    event = an_event(tenant, bytes_sent)
    send(event)
    other = make_tenant(account, "other")
    a_meter(Aggregation.COUNT)
    for wrong in (
        {"source": "elsewhere"},
        {"tenant": other.public_id},
        {"meter": "count"},
        {"cancels": "never-sent"},
    ):
        answer = send(taken_back(event, **wrong))
        assert reason(answer).startswith("cancels: there is no such event")
    twice = send(taken_back(event), taken_back(event))
    assert statuses(twice) == ["accepted", "refused"]


def test_a_maximum_is_mended_at_once(tenant: Tenant) -> None:
    meter = a_meter(Aggregation.MAX)
    high, low = (an_event(tenant, meter, properties={"n": n}) for n in ("9", "4"))
    send(low)
    send(high)
    assert quantity(tenant, "max", DAY) == 9
    send(taken_back(high))
    assert quantity(tenant, "max", DAY) == 4
    assert rollups.sweep() == 1  # the low one; the others are rolled up
    assert quantity(tenant, "max", DAY) == 4


def test_a_customer_sends_but_does_not_lower_its_own_bill(
    tenant: Tenant, bytes_sent: Meter, owner: Actor, outsider: Actor
) -> None:
    event = an_event(tenant, bytes_sent)
    assert statuses(send(event, actor=owner)) == ["accepted"]
    less = an_event(tenant, bytes_sent, properties={"n": "-1"})
    for lower in (less, taken_back(event)):
        assert "permission to correct" in reason(send(lower, actor=owner))
    foreign = send(an_event(tenant, bytes_sent), actor=outsider)
    assert reason(foreign) == "tenant: there is no such tenant"


def test_a_member_who_only_looks_sends_nothing(
    tenant: Tenant, bytes_sent: Meter, teammate: Actor
) -> None:
    with pytest.raises(Forbidden):
        send(an_event(tenant, bytes_sent), actor=teammate)


def test_a_batch_is_one_entry_with_its_digest(
    tenant: Tenant, bytes_sent: Meter
) -> None:
    batch = send(*(an_event(tenant, bytes_sent) for _ in range(50)))
    (entry,) = AuditEntry.objects.filter(action="billing.record_usage")
    assert entry.chain == tenant.public_id
    assert batch.digest in entry.body
    assert "anna" not in entry.body


def test_a_batch_takes_as_many_queries_as_an_event(
    tenant: Tenant, bytes_sent: Meter, django_assert_max_num_queries: Any
) -> None:
    for count in (1, 1000):
        with django_assert_max_num_queries(16):
            assert (
                send(*(an_event(tenant, bytes_sent) for _ in range(count))).accepted
                == count
            )


@pytest.mark.parametrize("table", [UsageEvent, UsageKey])
def test_raw_rows_never_change(tenant: Tenant, bytes_sent: Meter, table: Any) -> None:
    send(an_event(tenant, bytes_sent))
    for change in (lambda: table.objects.update(at=NOON), table.objects.all().delete):
        with pytest.raises(DatabaseError), planes.atomic():
            change()


def test_no_partition_is_a_way_around(tenant: Tenant, bytes_sent: Meter) -> None:
    send(an_event(tenant, bytes_sent))
    for statement in (
        "UPDATE billing_usageevent_203103 SET value = 0",
        "DELETE FROM billing_usageevent_203103",
        "TRUNCATE billing_usageevent_203103",
        "DROP TABLE billing_usageevent_203103",
    ):
        with pytest.raises(DatabaseError), planes.atomic(), planes.cursor() as cursor:
            cursor.execute(statement)


def test_what_a_meter_means_is_final(bytes_sent: Meter) -> None:
    with pytest.raises(DatabaseError), planes.atomic():
        Meter.objects.update(aggregation="count")


def test_the_same_batch_at_the_same_time_counts_once(committed: None) -> None:
    with plane(CONTROL):
        account = Account.objects.create(name="Acme", created_by="")
        tenant = make_tenant(account, "busy")
        meter = a_meter(Aggregation.SUM)
        events = [an_event(tenant, meter) for _ in range(200)]
    accepted: list[int] = []

    def sender(order: list[dict[str, Any]]) -> None:
        from billing import clock  # noqa: PLC0415 - a thread has a clock of its own

        with plane(CONTROL), clock.at(NOON):
            accepted.append(send(*order).accepted)
        connections.close_all()

    threads = [
        threading.Thread(target=sender, args=(order,))
        for order in (events, events[::-1], events[100:], events[:100])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with plane(CONTROL):
        assert sum(accepted) == 200
        assert quantity(tenant, "sum", DAY) == 200
        assert rollups.sweep() == UsageBatch.objects.filter(accepted__gt=0).count()
        assert quantity(tenant, "sum", DAY) == 200
