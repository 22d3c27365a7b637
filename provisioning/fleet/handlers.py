"""What lets a rollout go on."""

from __future__ import annotations

from paybill_site.kernel.events import handles
from provisioning.events import RolloutGoesOn, RunEnded
from provisioning.fleet.states import ItemState
from provisioning.fleet.tasks import wake
from provisioning.models import RolloutItem


@handles(RolloutGoesOn)
def go_on(event: RolloutGoesOn, delivery_id: str) -> None:
    """Wake a worker: many runs are queued."""
    wake(event.rollout)


@handles(RunEnded)
def follow_run(event: RunEnded, delivery_id: str) -> None:
    """A run ended of a deployment that is being upgraded, or was in its way."""
    items = RolloutItem.objects.filter(
        deployment__public_id=event.deployment,
        state__in=(ItemState.RUNNING, ItemState.WAITING),
    )
    found = items.values_list("rollout__public_id", flat=True).distinct()
    for rollout in found.order_by("rollout_id"):
        wake(rollout)
