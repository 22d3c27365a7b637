"""State machines: the allowed moves in a table, and ``move()`` to make one.

A move is a conditional UPDATE that looks at its count (two requests at once: one
wins, the other is told) and writes a transition row, by the same statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Any

from django.db import models

from paybill_site.kernel import acts, planes
from paybill_site.kernel.errors import Conflict, IllegalMove
from paybill_site.kernel.models import reference
from paybill_site.kernel.roles import quote

MOVE = """
WITH moved AS (
  UPDATE {table} SET {new} WHERE {pk} = %s AND {state} = %s RETURNING 1
)
INSERT INTO kernel_transition (target, machine, old, new, reason, actor)
SELECT %s, %s, %s, %s, %s, %s FROM moved
"""


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
        self,
        row: models.Model,
        to: str,
        *,
        reason: str = "",
        field: str = "state",
        **others: Any,
    ) -> None:
        """Move ``row`` to state ``to``, set its ``others``, and write the transition.

        Raises IllegalMove when the table does not allow it and Conflict when
        somebody else moved the row since it was read. Only inside an action.
        """
        old, act = str(getattr(row, field)), acts.current()
        self.check(old, to)
        new = {field: str(to), **others}
        trace = [reference(row), self.name, old, str(to), reason or act.reason]
        fields: list[Any] = [row._meta.get_field(name) for name in new]
        with planes.cursor() as cursor:
            stored = [one.get_db_prep_save(new[one.name], cursor.db) for one in fields]
            asked = [*stored, row.pk, old, *trace, act.actor.id]
            cursor.execute(_move(row, fields), asked)
            if cursor.rowcount != 1:
                says = f"{self.name} is no longer {old}; look again, then repeat"
                raise Conflict(says)
        for name, value in new.items():
            setattr(row, name, value)


def _move(row: models.Model, fields: Sequence[Any]) -> str:
    """The statement that sets the fields, of which the first holds the state."""
    columns = [quote(field.column) for field in fields]
    return MOVE.format(
        table=quote(row._meta.db_table),
        new=", ".join(f"{column} = %s" for column in columns),
        pk=quote(str(row._meta.pk.column)),
        state=columns[0],
    )
