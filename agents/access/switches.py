"""The kill switches: while a row stands in a plane, none of its agents does anything.

A tenant throws its own. Operators throw the installation's: the row in the control
plane is the truth, and a handler carries it into every plane that this installation
reaches. Tokens, grants and rules stay as they are.
"""

from __future__ import annotations

from agents.models import Switch

HERE = "agents"
EVERYWHERE = "installation"


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
