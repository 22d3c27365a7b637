"""What an operator can do with a delivery that failed for good."""

from __future__ import annotations

from django.utils import timezone

from paybill_site.kernel import outbox, planes, tasks
from paybill_site.kernel.actions import Action, Danger, NoInput
from paybill_site.kernel.actors import Actor
from paybill_site.kernel.models import Delivery, DeliveryState
from paybill_site.kernel.states import Machine

deliveries = Machine(
    "delivery",
    {
        DeliveryState.PENDING: {DeliveryState.SKIPPED},
        DeliveryState.DEAD: {DeliveryState.PENDING, DeliveryState.SKIPPED},
        DeliveryState.DONE: set(),
        DeliveryState.SKIPPED: set(),
    },
)


class RetryDelivery(Action[Delivery, NoInput, Delivery]):
    """Deliver a dead event once more; later events of the tenant follow it."""

    model = Delivery
    permission = "kernel.change_delivery"
    legal_in = frozenset({DeliveryState.DEAD})

    def run(self, target: Delivery, data: NoInput, *, actor: Actor) -> Delivery:
        deliveries.move(
            target,
            DeliveryState.PENDING,
            attempts=0,
            next_at=timezone.now(),
            settled_at=None,
            claimed_until=None,
        )
        _go_on()
        return target


class SkipDelivery(Action[Delivery, NoInput, Delivery]):
    """Give a delivery up, so that later events of the tenant can go on."""

    model = Delivery
    permission = "kernel.change_delivery"
    danger = Danger.DESTRUCTIVE
    legal_in = frozenset({DeliveryState.DEAD, DeliveryState.PENDING})

    def run(self, target: Delivery, data: NoInput, *, actor: Actor) -> Delivery:
        deliveries.move(target, DeliveryState.SKIPPED, settled_at=timezone.now())
        _go_on()
        return target


def _go_on() -> None:
    """What this delivery held back can be claimed now: let somebody look."""
    outbox.wake()
    planes.on_commit(tasks.drain_soon)
