"""Events arrive at least once, in order, and what cannot arrive waits for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from examples.storefront.models import Product
from paybill_site.kernel import events, outbox, planes, tasks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.actors import system
from paybill_site.kernel.deliveries import RetryDelivery, SkipDelivery
from paybill_site.kernel.errors import IllegalMove, Refused
from paybill_site.kernel.events import Event, Where, handles
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.planes import CONTROL, Place, here, plane
from tests.kernel.verbs import SELLER, ProductRenamed, ProductSold, Rename, in_thread

CLERK = system("clerk", "kernel.view_delivery", "kernel.change_delivery")

type Log = list[str]


@pytest.fixture
def heard() -> Iterator[Log]:
    """A handler of ProductRenamed that notes the products; "bad ..." fails."""
    log: Log = []

    @handles(ProductRenamed, in_tenants=True)
    def note(event: ProductRenamed, delivery_id: str) -> None:
        assert not planes.in_transaction() or "committed" not in event.product
        log.append(event.product)
        if event.product.startswith("bad"):
            raise Refused("no")
        if event.product.startswith("down"):
            raise ConnectionError("password=hunter2")

    yield log
    for name in [n for n, h in events.handlers.items() if h.run is note]:
        del events.handlers[name]


def send(*products: str, tenant: str = "ten_1") -> None:
    with planes.atomic():
        sent: list[Event] = [ProductRenamed(product=p, tenant=tenant) for p in products]
        outbox.store(sent, SELLER)


def states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def later(delivery: Delivery) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now())


def test_what_was_stored_arrives_in_order_and_once(in_a: Place, heard: Log) -> None:
    send("one", "two", "three")
    assert outbox.drain() == 3
    assert outbox.drain() == 0
    assert heard == ["one", "two", "three"]
    assert states() == ["done"] * 3


def test_a_failure_is_tried_again_later_and_holds_back_its_stream(
    in_a: Place, heard: Log
) -> None:
    send("down", "next")
    send("other", tenant="ten_2")
    outbox.drain()
    assert heard == ["down", "other"]
    first = Delivery.objects.earliest("id")
    assert first.state == DeliveryState.PENDING
    assert first.next_at > timezone.now()
    assert "hunter2" not in first.error
    due = outbox.next_due()
    assert due == first.next_at


def test_what_failed_before_waits_for_what_was_never_tried(
    in_a: Place, heard: Log
) -> None:
    send("down")
    outbox.drain()
    later(Delivery.objects.earliest("id"))
    send("fresh", tenant="ten_2")
    assert outbox.drain() == 2
    assert heard == ["down", "fresh", "down"]


def test_a_dead_letter_holds_back_until_somebody_retries(
    in_a: Place, heard: Log
) -> None:
    send("bad", "next")
    outbox.drain()
    assert states() == ["dead", "pending"]
    assert outbox.next_due() is None  # only a person can help: no sweep comes for it
    dead = Delivery.objects.earliest("id")
    perform(RetryDelivery, dead, actor=CLERK)
    outbox.drain()
    assert heard == ["bad", "bad"]
    perform(SkipDelivery, dead, actor=CLERK, reason="will never work")
    outbox.drain()
    assert heard[-1] == "next"
    assert states() == ["skipped", "done"]


def test_what_is_done_can_be_neither_retried_nor_skipped(
    in_a: Place, heard: Log
) -> None:
    send("one")
    outbox.drain()
    for verb in (RetryDelivery, SkipDelivery):
        with pytest.raises(IllegalMove):
            perform(verb, Delivery.objects.get(), actor=CLERK)


def test_after_the_last_try_it_is_dead(in_a: Place, heard: Log) -> None:
    send("down")
    for _ in range(outbox.TRIES):
        later(Delivery.objects.get())
        outbox.drain()
    assert states() == ["dead"]
    assert len(heard) == outbox.TRIES


def test_a_handler_that_kills_its_worker_ends_as_a_dead_letter(
    in_a: Place, heard: Log
) -> None:
    send("one")
    for _ in range(outbox.TRIES):
        assert outbox.claim() is not None  # and the process is gone
        Delivery.objects.update(claimed_until=timezone.now())
    outbox.drain()
    assert heard == []
    dead = Delivery.objects.get()
    assert dead.state == DeliveryState.DEAD
    assert "NeverCameBack" in dead.error


def test_a_claimed_delivery_is_left_alone_until_its_lease_ends(
    in_a: Place, heard: Log
) -> None:
    send("one")
    claimed = outbox.claim()
    assert claimed is not None
    assert outbox.claim() is None
    assert outbox.next_due() == claimed.claimed_until
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert outbox.drain() == 1
    assert heard == ["one"]


def test_a_worker_that_lost_its_lease_writes_nothing(in_a: Place, heard: Log) -> None:
    send("down")
    slow = outbox.claim()
    assert slow is not None
    Delivery.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    other = outbox.claim()
    assert other is not None
    outbox.deliver(slow)
    assert Delivery.objects.get().claimed_until == other.claimed_until


def test_an_event_that_this_worker_does_not_know_is_tried_again(
    in_a: Place, heard: Log
) -> None:
    send("one")
    Delivery.objects.update(handler="kernel.of_a_newer_version")
    outbox.drain()
    waiting = Delivery.objects.get()
    assert waiting.state == DeliveryState.PENDING
    assert "Unknown" in waiting.error


def test_a_payload_that_does_not_fit_is_a_dead_letter(in_a: Place, heard: Log) -> None:
    send("one")
    event = Delivery.objects.get().event
    type(event).objects.update(payload={"product": 1})
    outbox.drain()
    assert states() == ["dead"]


def test_the_control_plane_takes_only_what_is_listed_and_knows_the_sender(
    in_a: Place,
) -> None:
    taken: list[tuple[str, str]] = []

    @handles(ProductSold, where=Where.CONTROL, in_tenants=True)
    def take_sold(event: ProductSold, delivery_id: str) -> None:
        taken.append((here().schema, event.tenant))

    @handles(ProductRenamed, where=Where.CONTROL, in_tenants=True)
    def take_renamed(event: ProductRenamed, delivery_id: str) -> None:
        taken.append((here().schema, event.tenant))

    try:
        sold = ProductSold(tenant="ten_of_somebody_else")
        outbox.store([sold, ProductRenamed(product="p", tenant="x")], SELLER)
        outbox.drain()
    finally:
        del events.handlers["kernel.take_sold"], events.handlers["kernel.take_renamed"]
    assert taken == [("public", in_a.tenant)]
    assert states() == ["done", "dead"]


def test_two_drains_at_once_deliver_once_and_in_order(
    tenant_a: Place, committed: None, heard: Log
) -> None:
    with plane(tenant_a):
        for stream in range(4):
            send(*(f"{stream}-{i}" for i in range(6)), tenant=f"ten_{stream}")
    with ThreadPoolExecutor(4) as pool:
        for task in [pool.submit(in_thread, tenant_a, outbox.drain) for _ in range(4)]:
            task.result()
    with plane(tenant_a):
        outbox.drain()
        assert set(states()) == {"done"}
    assert len(heard) == len(set(heard)) == 24
    for digit in "0123":
        mine = [product for product in heard if product[0] == digit]
        assert mine == sorted(mine)


def test_events_of_a_refused_action_never_were(in_a: Place, heard: Log) -> None:
    chair = Product.objects.create(name="Chair")
    with pytest.raises(Refused):
        perform(Rename, chair, {"name": "forbidden"}, actor=SELLER)
    assert outbox.drain() == 0
    perform(Rename, chair, {"name": "Stool"}, actor=SELLER)
    assert outbox.drain() == 1
    assert heard == [chair.public_id]


@pytest.fixture
def placed(tenant_a: Place) -> Iterator[Callable[[str], Place | None]]:
    """Lets the sweep find the first tenant's place."""

    def find(name: str) -> Place | None:
        return tenant_a if name == tenant_a.schema else None

    planes._finders.insert(0, find)
    yield find
    planes._finders.remove(find)


def due() -> list[str]:
    with plane(CONTROL), planes.cursor() as cursor:
        cursor.execute("SELECT schema FROM paybill.due")
        return [schema for (schema,) in cursor.fetchall()]


def test_the_sweep_finds_what_no_message_announced(
    tenant_a: Place, committed: None, heard: Log, placed: object
) -> None:
    with plane(tenant_a):
        send("one")
    assert due() == [tenant_a.schema]
    with plane(CONTROL):
        assert tasks.sweep() == 1
    assert heard == ["one"]
    assert due() == []


def test_the_sweep_comes_back_for_a_retry_and_not_for_the_dead(
    tenant_a: Place, committed: None, heard: Log, placed: object
) -> None:
    with plane(tenant_a):
        send("down")
    with plane(CONTROL):
        tasks.sweep()
    assert due() == [tenant_a.schema]
    with plane(tenant_a):
        Delivery.objects.update(state=DeliveryState.DEAD)
    with plane(CONTROL), planes.cursor() as cursor:
        cursor.execute("UPDATE paybill.due SET at = now()")
        tasks.sweep()
    assert due() == []
    with plane(tenant_a):
        perform(RetryDelivery, Delivery.objects.get(), actor=CLERK)
    assert due() == [tenant_a.schema]


def test_a_tenant_can_wake_nobody_but_itself(in_a: Place, tenant_b: Place) -> None:
    with (
        pytest.raises(Exception, match="wake itself only"),
        planes.atomic(),
        planes.cursor() as cursor,
    ):
        cursor.execute("SELECT paybill.wake(%s, now())", [tenant_b.schema])
