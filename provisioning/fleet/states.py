"""States of rollouts and of their deployments; imports nothing of ours."""

from __future__ import annotations

from django.db import models


class RolloutState(models.TextChoices):
    RUNNING = "running"
    PAUSED = "paused"  # what was queued goes on, nothing new begins
    DONE = "done"
    ABORTED = "aborted"


ROLLOUT_MOVES = {
    RolloutState.RUNNING: {
        RolloutState.PAUSED,
        RolloutState.DONE,
        RolloutState.ABORTED,
    },
    RolloutState.PAUSED: {RolloutState.RUNNING, RolloutState.ABORTED},
    RolloutState.DONE: set[RolloutState](),
    RolloutState.ABORTED: set[RolloutState](),
}


class ItemState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"  # gone, or aborted before its turn


ITEM_MOVES = {
    ItemState.WAITING: {ItemState.RUNNING, ItemState.FAILED, ItemState.SKIPPED},
    ItemState.RUNNING: {ItemState.DONE, ItemState.FAILED},
    ItemState.DONE: set[ItemState](),
    # When the rollout is resumed it is tried again, or left behind.
    ItemState.FAILED: {ItemState.WAITING, ItemState.SKIPPED},
    ItemState.SKIPPED: set[ItemState](),
}
