"""State machines: the allowed moves in a table, and ``move()`` to make one.

A move is a conditional UPDATE that looks at its count (two requests at once: one
wins, the other is told), and a transition row in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from django.db import models

from paybill_site.kernel import acts
from paybill_site.kernel.errors import Conflict, IllegalMove
from paybill_site.kernel.models import Transition, reference


class Machine:
    """The states of one model and the moves between them.

    ``moves`` maps each state to the states that may follow; a state that nothing
    follows is final. ``name`` is what people call the thing: "run", "tenant".
    """

    def __init__[S: str](self, name: str, moves: Mapping[S, Set[S]]):
        self.name = name
        self.moves = {str(old): frozenset(map(str, new)) for old, new in moves.items()}
        unknown = frozenset().union(*self.moves.values()) - self.moves.keys()
        if unknown:
            raise ValueError(f"{name}: moves to states without a row: {unknown}")

    @property
    def final(self) -> frozenset[str]:
        return frozenset(
            state for state, following in self.moves.items() if not following
        )

    def allows(self, old: str, new: str) -> bool:
        return str(new) in self.moves.get(str(old), frozenset())

    def check(self, old: str, new: str) -> None:
        """Raise IllegalMove, naming the state and the refused move."""
        if not self.allows(old, new):
            raise IllegalMove(f"{self.name} is {old}; it can not become {new}")

    def move(
        self, row: models.Model, to: str, *, reason: str = "", field: str = "state"
    ) -> None:
        """Move ``row`` to state ``to`` and write the transition.

        Raises IllegalMove when the table does not allow it and Conflict when
        somebody else moved the row since it was read. Only inside an action.
        """
        old = str(getattr(row, field))
        self.check(old, to)
        rows: Any = type(row)._base_manager.filter(pk=row.pk, **{field: old})
        if rows.update(**{field: str(to)}) != 1:
            raise Conflict(f"{self.name} is no longer {old}; look again, then repeat")
        setattr(row, field, str(to))
        Transition.objects.create(
            target=reference(row),
            machine=self.name,
            old=old,
            new=str(to),
            reason=reason or acts.current().reason,
            actor=acts.current().actor.id,
        )
