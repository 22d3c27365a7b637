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
    from paybill_site.kernel.history import Changed


@dataclass(slots=True)
class Act:
    """One run of one action, from the opening of its transaction to its commit.

    ``rows`` are what it changed, as far as that is measured; ``spent`` the money it
    moved: minor units by currency.
    """

    action: str
    actor: Actor
    reason: str = ""
    rehearsal: bool = False
    events: list[Event] = field(default_factory=list)
    rows: list[Changed] = field(default_factory=list)
    spent: dict[str, int] = field(default_factory=dict)


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


def spend(minor: int, currency: str) -> None:
    """Tell how much money the act moves, when that is known; several are added up.

    Which way it goes does not matter: a refund counts like a charge.
    """
    spent = current().spent
    spent[currency] = spent.get(currency, 0) + abs(minor)


@contextmanager
def entered(act: Act) -> Iterator[Act]:
    token = _act.set(act)
    try:
        with said(actor=act.actor.id):
            yield act
    finally:
        _act.reset(token)
