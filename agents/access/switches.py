"""The kill switches: while a row stands in a plane, none of its agents does anything.

A tenant throws its own. Operators throw the installation's: the row in the control
plane is the truth, and a handler carries it into every other plane. Each move has a
number, and no plane follows one that is older than what it follows. Tokens, grants
and rules stay as they are.
"""

from __future__ import annotations

import time
from typing import TypedDict

from django.db.models import BigIntegerField, F, Value
from django.db.models.functions import Greatest

from agents.models import Switch, SwitchTurn

HERE = "agents"
EVERYWHERE = "installation"


class Said(TypedDict):
    """How the installation's switch stands, and the number of its newest move."""

    thrown: bool
    reason: str
    move: int


def thrown() -> bool:
    """Whether agents are stopped in the plane that is entered."""
    return Switch.objects.order_by().exists()


def throw(name: str, reason: str, by: str) -> bool:
    """Stop the agents of the entered plane; False when this switch was thrown."""
    _, made = Switch.objects.get_or_create(
        name=name, defaults={"reason": reason, "by": by}
    )
    return made


def release(name: str) -> bool:
    """Take the switch back; False when it was not thrown."""
    return bool(Switch.objects.filter(name=name).delete()[0])


def turn() -> None:
    """Number a move of the installation's switch, in the transaction of the move.

    By the clock, and always more than before: a control plane that was restored from
    a backup is not taken for an older one.
    """
    SwitchTurn.objects.get_or_create(name=EVERYWHERE)
    # Its type is said, or it would be sent as an integer of four bytes.
    now = Value(time.time_ns() // 1000, output_field=BigIntegerField())
    SwitchTurn.objects.filter(name=EVERYWHERE).update(
        number=Greatest(F("number") + 1, now)
    )


def follows(number: int) -> bool:
    """Note that this plane follows a move; False when it follows this or a newer one.

    Two that come at once: the second waits, and is judged by what the first left.
    """
    SwitchTurn.objects.get_or_create(name=EVERYWHERE)
    older = SwitchTurn.objects.filter(name=EVERYWHERE, number__lt=number)
    return older.update(number=number) == 1


def said() -> Said:
    """What the other planes are told. Of the control plane."""
    # The number first: what is told then is never older than its number.
    turned = SwitchTurn.objects.filter(name=EVERYWHERE).first()
    found = Switch.objects.filter(name=EVERYWHERE).first()
    return {
        "thrown": found is not None,
        "reason": found.reason if found else "",
        "move": turned.number if turned else 0,
    }
