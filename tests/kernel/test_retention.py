"""What is settled is forgotten after a while; what is not, and the audit, stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from examples.storefront.models import Product
from paybill_site.kernel import retention, tasks
from paybill_site.kernel.actions import perform
from paybill_site.kernel.models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    IdempotencyKey,
    OutboxEvent,
    Transition,
)
from paybill_site.kernel.planes import CONTROL, Place, plane
from tests.kernel.verbs import SELLER, Rename

OLD = retention.KEPT + timedelta(days=1)

type Make = Callable[..., Delivery]


@pytest.fixture
def make() -> Make:
    """Make a delivery of an event of its own, settled so long ago."""

    def delivery(state: str = DeliveryState.DONE, ago: timedelta = OLD) -> Delivery:
        then: datetime = timezone.now() - ago
        event = OutboxEvent.objects.create(name="x.y", payload={}, actor="t", at=then)
        settled = None if state == DeliveryState.PENDING else then
        return Delivery.objects.create(
            event=event, handler="x.y", state=state, settled_at=settled
        )

    return delivery


def test_what_was_settled_long_ago_is_forgotten_in_batches(
    in_a: Place, make: Make
) -> None:
    for state in (DeliveryState.DONE, DeliveryState.SKIPPED, DeliveryState.DONE):
        make(state)
    assert retention.forget(batch=2) == 6
    assert not Delivery.objects.exists()
    assert not OutboxEvent.objects.exists()
    assert retention.forget() == 0


def test_what_waits_for_a_person_or_is_recent_stays(in_a: Place, make: Make) -> None:
    kept = [make(DeliveryState.DEAD), make(DeliveryState.PENDING)]
    kept.append(make(ago=retention.KEPT - timedelta(days=1)))
    gone = make()
    Delivery.objects.create(
        event=kept[0].event, handler="z", state="done", settled_at=gone.settled_at
    )
    retention.forget()
    assert set(Delivery.objects.all()) == set(kept)
    assert set(OutboxEvent.objects.all()) == {one.event for one in kept}


def test_a_key_goes_with_its_delivery_and_a_callers_key_stays(
    in_a: Place, make: Make
) -> None:
    old, recent = make(), make(ago=timedelta(days=1))
    target = Product.objects.create(name="Chair")
    for number, key in enumerate((old.public_id, recent.public_id, "a-callers-own")):
        perform(Rename, target, {"name": f"n{number}"}, actor=SELLER, key=key)
    before = AuditEntry.objects.count(), Transition.objects.count()
    retention.forget()
    kept = set(IdempotencyKey.objects.values_list("key", flat=True))
    assert kept == {recent.public_id, "a-callers-own"}
    assert (AuditEntry.objects.count(), Transition.objects.count()) == before


def test_the_task_reaches_every_plane(
    tenant_a: Place, tenant_b: Place, control: Place, make: Make
) -> None:
    for place in (CONTROL, tenant_a, tenant_b):
        with plane(place):
            make()
    tasks.forget()
    for place in (CONTROL, tenant_a, tenant_b):
        with plane(place):
            assert not Delivery.objects.exists()
