"""The steps of a removal, in their order; imports nothing of ours."""

from __future__ import annotations

from django.db import models


class RemovalState(models.TextChoices):
    """What is being done; each step may be skipped, none is left out."""

    SUSPENDING = "suspending", "closing the doors"
    BACKING_UP = "backing_up", "last backup"
    UNPROTECTING = "unprotecting", "taking the protection away"
    EMPTYING = "emptying", "emptying the storage"
    DESTROYING = "destroying", "destroying"
    PROVING = "proving", "looking for what is left"
    DONE = "done"


REMOVAL_MOVES = {
    RemovalState.SUSPENDING: {RemovalState.BACKING_UP},
    RemovalState.BACKING_UP: {RemovalState.UNPROTECTING},
    RemovalState.UNPROTECTING: {RemovalState.EMPTYING},
    RemovalState.EMPTYING: {RemovalState.DESTROYING},
    RemovalState.DESTROYING: {RemovalState.PROVING},
    RemovalState.PROVING: {RemovalState.DONE},
    RemovalState.DONE: set[RemovalState](),
}
