"""The act that is going on: what ``perform`` knows and the parts below it need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from paybill_site.kernel.actors import Actor
from paybill_site.kernel.logs import said

if TYPE_CHECKING:
    from paybill_site.kernel.events import Event


@dataclass(slots=True)
class Act:
    """One run of one action, from the opening of its transaction to its commit."""

    action: str
    actor: Actor
    reason: str = ""
    rehearsal: bool = False
    events: list[Event] = field(default_factory=list)


class NoAct(RuntimeError):
    """State changes, events and transitions belong inside an action: use perform()."""


_act: ContextVar[Act | None] = ContextVar("act", default=None)


def current() -> Act:
    """Return the act that is going on. Raises NoAct outside ``perform``."""
    act = _act.get()
    if act is None:
        raise NoAct(NoAct.__doc__)
    return act


def going_on() -> bool:
    return _act.get() is not None


@contextmanager
def entered(act: Act) -> Iterator[Act]:
    token = _act.set(act)
    try:
        with said(actor=act.actor.id):
            yield act
    finally:
        _act.reset(token)
